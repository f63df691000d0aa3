//! The results as a Markdown table.

use super::load::Measured;
use super::operation::Operation;

pub(crate) struct Row {
    operation: &'static str,
    users: usize,
    connections: usize,
    cells: [String; 7],
}

impl Row {
    pub(crate) fn new(
        operation: Operation,
        users: usize,
        connections: usize,
        provost: &Measured,
        bare: &Measured,
    ) -> Self {
        let millis = |it: std::time::Duration| format!("{:.2}", it.as_secs_f64() * 1_000.0);
        let cells = [
            format!("{:.0}", provost.rate),
            millis(provost.p50),
            millis(provost.p99),
            format!("{:.0}", bare.rate),
            millis(bare.p50),
            millis(bare.p99),
            format!("{:.2}", provost.rate / bare.rate),
        ];
        Self { operation: operation.name(), users, connections, cells }
    }
}

pub(crate) fn render(rows: &[Row]) -> String {
    let mut text = String::from(
        "| operation | users | connections | requests/s | p50 ms | p99 ms | bare requests/s | bare p50 ms | bare p99 ms | rate to bare |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let Row { operation, users, connections, cells } = row;
        text += &format!("| {operation} | {users} | {connections} | {} |\n", cells.join(" | "));
    }
    text
}
