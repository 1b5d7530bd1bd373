//! What the commands of `yijian policy` print.
