//! The record of a call's effects and their answers, and its replay.
