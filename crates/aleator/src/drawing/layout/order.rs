//! The order within layers: few edges shall cross.

use super::part::Part;

impl Part {
    /// Reorders layers so that few edges cross.
    pub fn order(&mut self) {
        let sweeps = if self.items.len() > 3000 { 6 } else { 24 };
        let mut position = vec![0usize; self.items.len()];
        let mut best = self.layers.clone();
        let mut fewest = self.crossings(&mut position);
        for sweep in 0..sweeps {
            if fewest == 0 {
                break;
            }
            let down = sweep % 2 == 0;
            let count = self.layers.len();
            for step in 1..count {
                let layer = if down { step } else { count - 1 - step };
                let reference = if down { layer - 1 } else { layer + 1 };
                for (i, &item) in self.layers[reference].iter().enumerate() {
                    position[item] = i;
                }
                let mut keyed: Vec<(f64, usize)> = Vec::with_capacity(self.layers[layer].len());
                for (i, &item) in self.layers[layer].iter().enumerate() {
                    let neighbours = if down { &self.items[item].up } else { &self.items[item].down };
                    let sum: usize = neighbours.iter().map(|&n| position[n]).sum();
                    let key = if neighbours.is_empty() {
                        i as f64 / self.layers[layer].len() as f64 * self.layers[reference].len() as f64
                    } else {
                        sum as f64 / neighbours.len() as f64
                    };
                    keyed.push((key, item));
                }
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
            }
            if self.items.len() <= 400 {
                self.swap_neighbours(&mut position);
            }
            let crossings = self.crossings(&mut position);
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&self.layers);
            }
        }
        self.layers = best;
    }

    /// Swaps neighbours in a layer where that removes crossings.
    fn swap_neighbours(&mut self, position: &mut [usize]) {
        for layer in &self.layers {
            for (i, &item) in layer.iter().enumerate() {
                position[item] = i;
            }
        }
        let crossings = |a: &[usize], b: &[usize], position: &[usize]| -> usize {
            a.iter().map(|&u| b.iter().filter(|&&v| position[v] < position[u]).count()).sum()
        };
        for _ in 0..4 {
            let mut improved = false;
            for layer in &mut self.layers {
                for i in 1..layer.len() {
                    let (a, b) = (&self.items[layer[i - 1]], &self.items[layer[i]]);
                    let now = crossings(&a.up, &b.up, position) + crossings(&a.down, &b.down, position);
                    let swapped = crossings(&b.up, &a.up, position) + crossings(&b.down, &a.down, position);
                    if swapped < now {
                        layer.swap(i - 1, i);
                        position[layer[i - 1]] = i - 1;
                        position[layer[i]] = i;
                        improved = true;
                    }
                }
            }
            if !improved {
                break;
            }
        }
    }

    /// Counts crossings between neighbouring layers with a Fenwick tree.
    fn crossings(&self, position: &mut [usize]) -> usize {
        let mut total = 0;
        for pair in self.layers.windows(2) {
            for (i, &item) in pair[1].iter().enumerate() {
                position[item] = i;
            }
            let size = pair[1].len();
            let mut tree = vec![0usize; size + 1];
            let mut seen = 0;
            for &item in &pair[0] {
                let targets = &self.items[item].down;
                for &target in targets {
                    let mut i = position[target] + 1;
                    let mut not_right = 0;
                    while i > 0 {
                        not_right += tree[i];
                        i &= i - 1;
                    }
                    total += seen - not_right;
                }
                for &target in targets {
                    let mut i = position[target] + 1;
                    while i <= size {
                        tree[i] += 1;
                        i += i & i.wrapping_neg();
                    }
                }
                seen += targets.len();
            }
        }
        total
    }
}
