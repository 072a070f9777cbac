use smcp_benches::{
    guests,
    subject::{Bench, Subject},
};
fn main() {
    let n: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let s = Subject::ALL[std::env::args().nth(1).unwrap().parse::<usize>().unwrap()];
    let mut b = Bench::new(guests::hello().unwrap()).unwrap();
    b.once(s).unwrap();
    let mut best = f64::MAX;
    for _ in 0..n / 100 {
        let t = std::time::Instant::now();
        for _ in 0..100 {
            b.once(s).unwrap();
        }
        best = best.min(t.elapsed().as_nanos() as f64 / 100.0);
    }
    println!("{best} ns");
}
