//! yijian.
fn main() {}
