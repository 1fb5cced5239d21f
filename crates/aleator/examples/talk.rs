#[path = "talk/experiment.rs"]
mod experiment;
fn main() -> aleator::Result<()> {
    for c in experiment::CONSTANTS {
        for (e, name) in experiment::NAMES.iter().enumerate() {
            let mut s = vec![]; let mut clamps = 0; let mut mus = vec![];let mut mins=vec![];
            for seed in 0..60 { let r = &experiment::runs(c, seed)?[e]; s.push(r.end().1); mus.push(r.end().0.abs()); clamps += (r.clamped>0) as usize;
              mins.push(r.path.iter().map(|p|p.1).fold(9.0,f64::min)); if c==1.0 && e==0 {print!("{seed}:{:.3}/{:.3} ", r.end().1, mins.last().unwrap());} }
            s.sort_by(f64::total_cmp); mus.sort_by(f64::total_cmp);mins.sort_by(f64::total_cmp);
            println!("{c} {name}: sigma {:?} |mu| med {:.4} max {:.4} runs clamped {clamps}, min sigma med {:.4}", [s[0],s[6],s[15],s[30],s[45],s[54],s[59]], mus[30], mus[59], mins[30]);
        }
    }
    Ok(())
}
