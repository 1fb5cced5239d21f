//! Grey-scale images of one size, with labels.

/// Images of one size, each with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSet {
    /// Pixels from 0 (ground) to 1 (ink): image after image, row after row; `count · height · width` of them.
    pub images: Vec<f32>,
    /// The labels; `count` of them.
    pub labels: Vec<u8>,
    /// The number of images.
    pub count: usize,
    /// The number of rows of an image.
    pub height: usize,
    /// The number of columns of an image.
    pub width: usize,
}

/// A training set and a held-out set. No image is in both.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The training images.
    pub train: ImageSet,
    /// The held-out images.
    pub held_out: ImageSet,
}

impl ImageSet {
    /// The number of pixels of one image, `height · width`.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The pixels of image `index`, row by row.
    ///
    /// # Panics
    /// Panics if `index` is not less than `count`.
    #[track_caller]
    pub fn image(&self, index: usize) -> &[f32] {
        &self.images[index * self.pixels()..(index + 1) * self.pixels()]
    }

    /// The images at `indices`, in that order.
    ///
    /// # Panics
    /// Panics if an index is not less than `count`.
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            images: indices.iter().flat_map(|&index| self.image(index)).copied().collect(),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            count: indices.len(),
            ..*self
        }
    }

    /// The mean of each pixel over all images, `height · width` numbers. Models use it to centre images and to initialise the
    /// bias of the last layer.
    pub fn mean_image(&self) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.pixels()];
        for image in self.images.chunks_exact(self.pixels()) {
            for (total, &pixel) in sum.iter_mut().zip(image) {
                *total += f64::from(pixel);
            }
        }
        sum.into_iter().map(|total| (total / self.count as f64) as f32).collect()
    }

    /// Binarises the images by a threshold: 1 if a pixel is above one half, else 0.
    pub fn binarized(&self) -> Self {
        self.map(|pixel| if pixel > 0.5 { 1.0 } else { 0.0 })
    }

    /// Binarises the images at random: each pixel is 1 with its value as probability. `uniform` is called once per pixel, in
    /// order, and must return numbers in [0, 1). The literature on MNIST calls it *dynamic* binarisation if pixels are drawn
    /// again in every epoch, and *static* if they are drawn once.
    pub fn binarized_by(&self, mut uniform: impl FnMut() -> f32) -> Self {
        self.map(|pixel| if uniform() < pixel { 1.0 } else { 0.0 })
    }

    fn map(&self, f: impl FnMut(f32) -> f32) -> Self {
        Self { images: self.images.iter().copied().map(f).collect(), labels: self.labels.clone(), ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> ImageSet {
        ImageSet {
            images: vec![0.0, 0.25, 0.5, 1.0, 0.75, 0.5],
            labels: vec![7, 3],
            count: 2,
            height: 1,
            width: 3,
        }
    }

    #[test]
    fn images_are_contiguous_rows() {
        assert_eq!(pair().image(1), [1.0, 0.75, 0.5]);
        assert_eq!(pair().mean_image(), [0.5, 0.5, 0.5]);
        let swapped = pair().select(&[1, 0]);
        assert_eq!((swapped.image(1), &swapped.labels[..]), (pair().image(0), &[3, 7][..]));
    }

    #[test]
    fn the_threshold_is_above_one_half() {
        assert_eq!(pair().binarized().images, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!(pair().binarized().labels, [7, 3]);
    }

    #[test]
    fn a_pixel_is_inked_with_its_own_probability() {
        // Over an even grid of uniforms the share of ones is the pixel's value exactly; 0 and 1 never change.
        let steps = 64;
        let mut ones = [0; 6];
        for step in 0..steps {
            let drawn = pair().binarized_by(|| step as f32 / steps as f32);
            for (count, pixel) in ones.iter_mut().zip(drawn.images) {
                *count += pixel as i32;
            }
        }
        assert_eq!(ones.map(|count| count as f32 / steps as f32), pair().images[..]);
    }

    #[test]
    fn one_uniform_per_pixel_in_order() {
        let mut next = [0.9, 0.2, 0.6, 0.99, 0.8, 0.1].into_iter();
        assert_eq!(pair().binarized_by(|| next.next().unwrap()).images, [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(next.next(), None);
    }
}
