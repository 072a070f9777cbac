//! Nodes that apply themselves to the same value: such a check would never end. Also how long a
//! chain of nodes on one value may be, since a check recurses along it.
//!
//! It does not recurse itself: chains come from strangers.

use smcp_ids::limits;

use crate::node::{Node, NodeId};

/// What is wrong with a graph of nodes, and at which node.
pub(crate) enum Fault {
    Circle(NodeId),
    Long(NodeId),
}

/// How far a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    /// With the length of the longest chain from it.
    Done(usize),
}

pub(crate) fn find(nodes: &[Node]) -> Result<(), Fault> {
    let mut marks = vec![Mark::New; nodes.len()];
    for start in 0..nodes.len() {
        if marks[start] == Mark::New {
            walk(nodes, &mut marks, start)?;
        }
    }
    Ok(())
}

/// Depth first from one node, with a stack of our own: a node, its followers, the longest chain yet.
fn walk(nodes: &[Node], marks: &mut [Mark], start: usize) -> Result<(), Fault> {
    let mut stack = vec![(start, nodes[start].in_place(), 0)];
    marks[start] = Mark::Open;
    while let Some((node, followers, longest)) = stack.last_mut() {
        let Some(next) = followers.pop() else {
            let (done, length) = (*node, *longest + 1);
            if length > limits::SCHEMA_CHAIN_MAX {
                return Err(Fault::Long(id(done)));
            }
            marks[done] = Mark::Done(length);
            stack.pop();
            if let Some((_, _, longest)) = stack.last_mut() {
                *longest = length.max(*longest);
            }
            continue;
        };
        let next = next as usize;
        match marks[next] {
            Mark::Open => return Err(Fault::Circle(id(*node))),
            Mark::Done(length) => *longest = length.max(*longest),
            Mark::New => {
                marks[next] = Mark::Open;
                stack.push((next, nodes[next].in_place(), 0));
            }
        }
    }
    Ok(())
}

fn id(index: usize) -> NodeId {
    NodeId::try_from(index).unwrap_or(NodeId::MAX)
}
