//! What every store must do, as stories that run on each of them.
