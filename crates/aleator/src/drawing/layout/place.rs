//! Coordinates within a component.

use super::part::Part;

/// Distance between neighbours in a layer.
const NODE_GAP: f64 = 34.0;
/// Distance between a passing edge and its neighbours.
const BEND_GAP: f64 = 18.0;
/// Least distance between layers.
const LAYER_GAP: f64 = 46.0;

impl Part {
    /// Moves nodes under their neighbours without changing the order in a layer.
    pub fn place_horizontally(&mut self) {
        // Offsets that keep neighbours in a layer apart.
        let offsets: Vec<Vec<f64>> = self
            .layers
            .iter()
            .map(|layer| {
                let mut x = 0.0;
                let mut offsets = vec![0.0; layer.len()];
                for i in 1..layer.len() {
                    let (a, b) = (&self.items[layer[i - 1]], &self.items[layer[i]]);
                    let gap = if a.bend || b.bend { BEND_GAP } else { NODE_GAP };
                    x += a.width / 2.0 + gap + b.width / 2.0;
                    offsets[i] = x;
                }
                offsets
            })
            .collect();
        for (layer, offsets) in self.layers.iter().zip(&offsets) {
            let middle = offsets.last().map_or(0.0, |x| x / 2.0);
            for (&item, x) in layer.iter().zip(offsets) {
                self.items[item].x = x - middle;
            }
        }
        // First along one direction at a time, which moves much; then to rest. Long chains need many rounds.
        let rounds = (400_000 / self.items.len().max(1)).clamp(8, 6000);
        let count = self.layers.len();
        for round in 0..rounds {
            let both = round >= 8;
            let mut moved = 0.0_f64;
            let down = round % 2 == 0;
            for step in 0..count {
                let layer = if down { step } else { count - 1 - step };
                let mut wanted = Vec::with_capacity(self.layers[layer].len());
                for (&item, offset) in self.layers[layer].iter().zip(&offsets[layer]) {
                    let this = &self.items[item];
                    let (mut sum, mut weights) = (this.x * 0.01, 0.01);
                    let up = if both || down { this.up.as_slice() } else { &[] };
                    let below = if both || !down { this.down.as_slice() } else { &[] };
                    for &other in up.iter().chain(below) {
                        let other = &self.items[other];
                        // Sources and sinks follow what lies between them, and so the spine of the graph stays upright.
                        let at_end = this.is_end() || other.is_end();
                        let weight = match (this.bend, other.bend) {
                            (true, true) => 8.0,
                            _ if at_end => 0.25,
                            (false, false) => 1.0,
                            _ => 2.0,
                        };
                        sum += weight * other.x;
                        weights += weight;
                    }
                    wanted.push((sum / weights - offset, weights));
                }
                for ((&item, offset), x) in
                    self.layers[layer].iter().zip(&offsets[layer]).zip(isotonic(&wanted))
                {
                    moved = moved.max((self.items[item].x - x - offset).abs());
                    self.items[item].x = x + offset;
                }
            }
            if both && moved < 0.001 {
                break;
            }
        }
        let left = self.items.iter().map(|i| i.x - i.width / 2.0).fold(f64::INFINITY, f64::min);
        let right = self.items.iter().map(|i| i.x + i.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
        for item in &mut self.items {
            item.x -= left;
        }
        self.width = (right - left).max(0.0);
    }

    /// Puts layers below each other.
    pub fn place_vertically(&mut self) {
        let mut top = 0.0;
        for layer in &self.layers {
            let height = layer.iter().map(|&i| self.items[i].height).fold(0.0, f64::max);
            self.bands.push((top, height));
            // Flat edges need more room to be told apart.
            let reach = layer
                .iter()
                .flat_map(|&i| self.items[i].down.iter().map(move |&j| (i, j)))
                .map(|(i, j)| (self.items[i].x - self.items[j].x).abs())
                .fold(0.0, f64::max);
            self.height = top + height;
            top += height + (reach * 0.14).clamp(LAYER_GAP, 130.0);
        }
    }
}

/// The non-decreasing sequence nearest to the weighted values in least squares (pool adjacent violators).
fn isotonic(wanted: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(wanted.len());
    for &(value, weight) in wanted {
        let (mut mean, mut total, mut count) = (value, weight, 1);
        while let Some(&(m, w, c)) = blocks.last() {
            if m <= mean {
                break;
            }
            blocks.pop();
            mean = (mean * total + m * w) / (total + w);
            total += w;
            count += c;
        }
        blocks.push((mean, total, count));
    }
    blocks.into_iter().flat_map(|(mean, _, count)| std::iter::repeat_n(mean, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isotonic_pools() {
        assert_eq!(isotonic(&[(1.0, 1.0), (3.0, 1.0), (2.0, 1.0)]), [1.0, 2.5, 2.5]);
        assert_eq!(isotonic(&[]), Vec::<f64>::new());
    }
}
