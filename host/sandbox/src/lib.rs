//! Loads admitted modules and steps one call of a guest in slices of fuel.
