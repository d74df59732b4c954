//! A layered layout: boxes in rows, so that arrows run down but for those that close a circle.
//!
//! The usual four steps of Sugiyama's method: turn round what closes a circle, give every box a row, order the rows so that
//! few arrows cross, and move the boxes towards what they are joined to. Whole numbers only: every machine draws the same.
//!
//! Crates that do this give the places of boxes and not the ways of arrows around them, or bring a renderer and floating
//! point numbers with them.

use std::collections::BTreeMap;

/// A box's width and height.
pub(super) type Size = (i32, i32);
/// From the left and from the top.
pub(super) type Point = (i32, i32);

/// Between two boxes of a row.
const BETWEEN: i32 = 28;
/// Between two rows.
const BELOW: i32 = 44;
/// Room that an arrow takes where it passes a row.
const LANE: i32 = 16;
/// Rounds of ordering, and of moving.
const ROUNDS: usize = 12;

/// Between an arrow that passes a row and what is beside it.
const BESIDE: i32 = 8;

/// How boxes are put into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Several beside each other, where none leads to another: for a wide page.
    Rows,
    /// One below the other, in the order given: for a narrow one.
    Column,
}

/// Where everything is drawn.
#[derive(Debug)]
pub(super) struct Layout {
    /// The upper left corner of each box.
    pub(super) corners: Vec<Point>,
    /// For each edge the points it passes, from the box that it leaves. Between two of the same row it runs straight.
    pub(super) routes: Vec<Vec<Point>>,
    /// The whole.
    pub(super) size: Size,
}

/// A box, or a place where an edge passes a row.
struct Node {
    size: Size,
    row: usize,
    above: Vec<usize>,
    below: Vec<usize>,
    centre: i32,
}

/// Lays out boxes that are joined by edges, each from one to another by index.
pub(super) fn layout(sizes: &[Size], edges: &[(usize, usize)], arrangement: Arrangement) -> Layout {
    let is_back = match arrangement {
        Arrangement::Rows => back_edges(sizes.len(), edges),
        Arrangement::Column => edges.iter().map(|(from, to)| to < from).collect(),
    };
    let down: Vec<_> = edges
        .iter()
        .zip(&is_back)
        .map(|(&(from, to), back)| if *back { (to, from) } else { (from, to) })
        .collect();
    let rows: Vec<_> = match arrangement {
        Arrangement::Rows => rows(sizes.len(), &down),
        Arrangement::Column => (0..sizes.len()).collect(),
    };
    let node = |(size, row): (&Size, &usize)| Node {
        size: *size,
        row: *row,
        above: Vec::new(),
        below: Vec::new(),
        centre: 0,
    };
    let mut nodes: Vec<_> = sizes.iter().zip(&rows).map(node).collect();
    let mut chains = Vec::new();
    // Arrows to one box join on their way there, so that a row is no wider than the boxes that are led to beyond it.
    let mut lanes = BTreeMap::<_, usize>::new();
    for (&(from, to), &is_back) in down.iter().zip(&is_back) {
        let tip = if is_back { from } else { to };
        let mut chain = vec![from];
        for row in rows[from] + 1..rows[to] {
            let lane = lanes.entry((tip, is_back, row)).or_insert_with(|| {
                nodes.push(Node { size: (LANE, 0), row, above: Vec::new(), below: Vec::new(), centre: 0 });
                nodes.len() - 1
            });
            chain.push(*lane);
        }
        chain.push(to);
        for pair in chain.windows(2) {
            if !nodes[pair[0]].below.contains(&pair[1]) {
                nodes[pair[0]].below.push(pair[1]);
                nodes[pair[1]].above.push(pair[0]);
            }
        }
        chains.push(chain);
    }
    let order = ordered(&nodes);
    place(&mut nodes, &order);
    draw(&nodes, &order, sizes.len(), &chains, &is_back)
}

/// Which edges lead back to where their way came from.
fn back_edges(count: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    fn visit(node: usize, edges: &[(usize, usize)], state: &mut [u8], is_back: &mut [bool]) {
        state[node] = 1;
        for (index, &(_, to)) in edges.iter().enumerate().filter(|(_, (from, _))| *from == node) {
            match state[to] {
                0 => visit(to, edges, state, is_back),
                1 => is_back[index] = true,
                _ => {}
            }
        }
        state[node] = 2;
    }
    let mut state = vec![0; count];
    let mut is_back = vec![false; edges.len()];
    let has_no_way_in = |node: &usize| edges.iter().all(|(_, to)| to != node);
    for node in (0..count).filter(has_no_way_in).chain(0..count) {
        if state[node] == 0 {
            visit(node, edges, &mut state, &mut is_back);
        }
    }
    is_back
}

/// The row of each box: below everything that leads to it, and where nothing does, just above what it leads to.
fn rows(count: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let mut rows = vec![0; count];
    for _ in 0..count {
        for &(from, to) in down {
            rows[to] = rows[to].max(rows[from] + 1);
        }
    }
    for node in 0..count {
        let nearest = down.iter().filter(|(from, _)| *from == node).map(|(_, to)| rows[*to]).min();
        if let Some(nearest) = nearest.filter(|_| down.iter().all(|(_, to)| *to != node)) {
            rows[node] = nearest - 1;
        }
    }
    rows
}

/// What is kept free between two neighbours of a row, by their widths: an arrow needs less than a box.
fn gap(left: i32, right: i32) -> i32 {
    if left == LANE || right == LANE { BESIDE } else { BETWEEN }
}

/// The nodes of each row from left to right, with as few crossings as a few rounds find.
fn ordered(nodes: &[Node]) -> Vec<Vec<usize>> {
    let count = nodes.iter().map(|node| node.row + 1).max().unwrap_or(0);
    let mut order = vec![Vec::new(); count];
    for (index, node) in nodes.iter().enumerate() {
        order[node.row].push(index);
    }
    let mut best = (crossings(nodes, &order), order.clone());
    for round in 0..ROUNDS * 2 {
        let rows: Vec<_> =
            if round % 2 == 0 { (1..count).collect() } else { (0..count.saturating_sub(1)).rev().collect() };
        for row in rows {
            let places = places(nodes.len(), &order);
            let mean = |node: &usize| {
                let joined = if round % 2 == 0 { &nodes[*node].above } else { &nodes[*node].below };
                let sum: usize = joined.iter().map(|other| places[*other]).sum();
                if joined.is_empty() { places[*node] * 1000 } else { sum * 1000 / joined.len() }
            };
            order[row].sort_by_key(mean);
        }
        let crossings = crossings(nodes, &order);
        if crossings < best.0 {
            best = (crossings, order.clone());
        }
    }
    best.1
}

/// How far to the right each node stands in its row.
fn places(count: usize, order: &[Vec<usize>]) -> Vec<usize> {
    let mut places = vec![0; count];
    for row in order {
        for (place, node) in row.iter().enumerate() {
            places[*node] = place;
        }
    }
    places
}

fn crossings(nodes: &[Node], order: &[Vec<usize>]) -> usize {
    let places = places(nodes.len(), order);
    let mut count = 0;
    for row in order {
        let edges: Vec<_> = row
            .iter()
            .flat_map(|node| nodes[*node].below.iter().map(|below| (places[*node], places[*below])))
            .collect();
        for (index, one) in edges.iter().enumerate() {
            count += edges[index + 1..]
                .iter()
                .filter(|other| (one.0 < other.0 && one.1 > other.1) || (one.0 > other.0 && one.1 < other.1))
                .count();
        }
    }
    count
}

/// Moves every node as near to the middle of those that it is joined to as its neighbours in the row let it.
fn place(nodes: &mut [Node], order: &[Vec<usize>]) {
    for row in order {
        let mut left = 0;
        for (index, node) in row.iter().enumerate() {
            let width = nodes[*node].size.0;
            nodes[*node].centre = left + width / 2;
            left += width + row.get(index + 1).map_or(0, |next| gap(width, nodes[*next].size.0));
        }
    }
    for round in 0..ROUNDS {
        let downwards = round % 2 == 0;
        let rows: Vec<_> = if downwards { order.iter().collect() } else { order.iter().rev().collect() };
        for row in rows {
            let wanted: Vec<_> = row
                .iter()
                .map(|node| {
                    let node = &nodes[*node];
                    let joined: Vec<_> = match round + 2 < ROUNDS {
                        true if downwards => node.above.iter().collect(),
                        true => node.below.iter().collect(),
                        false => node.above.iter().chain(&node.below).collect(),
                    };
                    let count = i32::try_from(joined.len()).unwrap_or(1);
                    let sum: i32 = joined.iter().map(|other| nodes[**other].centre).sum();
                    if count == 0 { node.centre } else { sum / count }
                })
                .collect();
            let widths: Vec<_> = row.iter().map(|node| nodes[*node].size.0).collect();
            for (node, centre) in row.iter().zip(spread(&wanted, &widths)) {
                nodes[*node].centre = centre;
            }
        }
    }
    let left = nodes.iter().map(|node| node.centre - node.size.0 / 2).min().unwrap_or(0);
    for node in nodes {
        node.centre -= left;
    }
}

/// The centres nearest to those wanted that keep the order and the distances: neighbours that would overlap become one
/// block, which stands where its members want to be in the mean.
fn spread(wanted: &[i32], widths: &[i32]) -> Vec<i32> {
    let mut offsets = vec![0];
    for pair in widths.windows(2) {
        offsets.push(offsets[offsets.len() - 1] + i32::midpoint(pair[0], pair[1]) + gap(pair[0], pair[1]));
    }
    let mut blocks = Vec::<(i32, i32)>::new(); // the sum of what its members want, and their number
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        let mut block = (wanted - offset, 1);
        while let Some(left) = blocks.pop_if(|left| left.0 * block.1 > block.0 * left.1) {
            block = (left.0 + block.0, left.1 + block.1);
        }
        blocks.push(block);
    }
    let starts = blocks.into_iter().flat_map(|(sum, count)| (0..count).map(move |_| sum / count));
    starts.zip(offsets).map(|(start, offset)| start + offset).collect()
}

fn draw(
    nodes: &[Node],
    order: &[Vec<usize>],
    boxes: usize,
    chains: &[Vec<usize>],
    is_back: &[bool],
) -> Layout {
    let mut bands = Vec::new(); // the top and the bottom of each row
    let mut top = 0;
    for row in order {
        let height = row.iter().map(|node| nodes[*node].size.1).max().unwrap_or(0);
        bands.push((top, top + height));
        top += height + BELOW;
    }
    let upper = |node: &Node| {
        let (top, bottom) = bands[node.row];
        top + (bottom - top - node.size.1) / 2
    };
    let corners = nodes[..boxes].iter().map(|node| (node.centre - node.size.0 / 2, upper(node))).collect();
    let route = |(chain, back): (&Vec<usize>, &bool)| {
        let mut points = Vec::new();
        for (position, index) in chain.iter().enumerate() {
            let node = &nodes[*index];
            if position == 0 {
                points.push((node.centre, upper(node) + node.size.1));
            } else if *index < boxes {
                points.push((node.centre, upper(node)));
            } else {
                points.extend([(node.centre, bands[node.row].0), (node.centre, bands[node.row].1)]);
            }
        }
        if *back {
            if let [upper, lower] = points.as_mut_slice() {
                // Beside the arrow that it answers.
                upper.0 += LANE;
                lower.0 += LANE;
            }
            points.reverse();
        }
        points
    };
    let width = nodes.iter().map(|node| node.centre + node.size.0 / 2).max().unwrap_or(0);
    Layout {
        corners,
        routes: chains.iter().zip(is_back).map(route).collect(),
        size: (width, (top - BELOW).max(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(count: usize) -> Vec<Size> {
        vec![(100, 30); count]
    }

    #[test]
    fn a_chain_runs_straight_down() {
        let layout = layout(&boxes(3), &[(0, 1), (1, 2)], Arrangement::Rows);
        assert_eq!(layout.corners, [(0, 0), (0, 74), (0, 148)]);
        assert_eq!(layout.routes[0], [(50, 30), (50, 74)]);
        assert_eq!(layout.size, (100, 178));
    }

    #[test]
    fn an_arrow_that_closes_a_circle_runs_up_and_passes_beside_the_boxes() {
        let layout = layout(&boxes(3), &[(0, 1), (1, 2), (2, 0)], Arrangement::Rows);
        let back = &layout.routes[2];
        assert!(back.first().unwrap().1 > back.last().unwrap().1, "{back:?}");
        let (left, right) = (layout.corners[1].0, layout.corners[1].0 + 100);
        assert!(back[1].0 < left || back[1].0 > right, "{back:?} {:?}", layout.corners);
    }

    #[test]
    fn boxes_of_a_row_do_not_overlap() {
        let edges: Vec<_> = (1..6).flat_map(|leaf| [(0, leaf), (leaf, 6)]).collect();
        let layout = layout(&boxes(7), &edges, Arrangement::Rows);
        let mut row: Vec<_> = layout.corners[1..6].iter().map(|corner| corner.0).collect();
        row.sort_unstable();
        assert!(row.windows(2).all(|pair| pair[1] - pair[0] >= 100 + BETWEEN), "{row:?}");
    }

    #[test]
    fn a_column_has_one_box_a_row_and_the_arrows_beside_it() {
        let edges: Vec<_> = (1..4).flat_map(|leaf| [(0, leaf), (leaf, 4)]).collect();
        let layout = layout(&boxes(5), &edges, Arrangement::Column);
        let tops: std::collections::BTreeSet<_> = layout.corners.iter().map(|corner| corner.1).collect();
        assert_eq!(tops.len(), 5);
        assert!(layout.size.0 < 100 + 4 * (LANE + BESIDE), "{:?}", layout.size);
    }
}
