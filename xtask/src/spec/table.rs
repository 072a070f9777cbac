//! The clauses as a table for people, and how many of them are obeyed.

use anstream::println;
use anstyle::{AnsiColor, Style};

use super::{Answer, Clause, Level};

/// Page by page; colours on a terminal only.
pub(super) fn print(clauses: &[Clause]) {
    let mut page = None;
    for clause in clauses {
        let of = (&clause.version, &clause.page);
        if page != Some(of) {
            let bold = Style::new().bold();
            println!("\n{bold}{} {}{bold:#}", clause.version, clause.page);
            page = Some(of);
        }
        row(clause);
    }
    println!("\n{}", summary(clauses));
}

fn row(clause: &Clause) {
    let (colour, state) = match clause.answer {
        Answer::Obeyed { .. } => (AnsiColor::Green, "obeyed"),
        Answer::Declined(_) => (AnsiColor::Yellow, "declined"),
    };
    let (state_style, dim) = (colour.on_default(), Style::new().dimmed());
    let (level, section, sense) = (clause.level.as_str(), &clause.section, &clause.sense);
    println!("  {level:<10}  {state_style}{state:<8}{state_style:#}  {section}: {sense}");
    let why = match &clause.answer {
        Answer::Obeyed { place, test } => format!("{}; {}", place.join(", "), test.join(", ")),
        Answer::Declined(reason) => reason.clone(),
    };
    println!("  {:<22}{dim}{why}{dim:#}", "");
}

/// How many there are of each level, and what is done about them.
fn summary(clauses: &[Clause]) -> String {
    let count = |level: Option<Level>| {
        let of: Vec<_> = clauses
            .iter()
            .filter(|clause| level.is_none_or(|level| clause.level == level))
            .collect();
        let obeyed = of
            .iter()
            .filter(|clause| matches!(clause.answer, Answer::Obeyed { .. }))
            .count();
        (of.len(), obeyed)
    };
    let (all, obeyed) = count(None);
    let by_level: Vec<String> = Level::ALL
        .into_iter()
        .map(|level| (level, count(Some(level))))
        .filter(|(_, (of, _))| *of > 0)
        .map(|(level, (of, obeyed))| format!("{} {obeyed} of {of}", level.as_str()))
        .collect();
    format!(
        "{all} clauses bind a server: {obeyed} obeyed, {} declined ({})",
        all - obeyed,
        by_level.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(level: Level, is_obeyed: bool) -> Clause {
        let answer = if is_obeyed {
            Answer::Obeyed {
                place: vec!["a.rs".into()],
                test: vec!["a.rs#b".into()],
            }
        } else {
            Answer::Declined("not yet".into())
        };
        Clause {
            version: "v".into(),
            page: "p".into(),
            section: "s".into(),
            level,
            sense: "x".into(),
            answer,
        }
    }

    #[test]
    fn the_summary_counts_by_level() {
        let clauses = [
            clause(Level::Must, true),
            clause(Level::Must, false),
            clause(Level::ShouldNot, true),
        ];
        assert_eq!(
            summary(&clauses),
            "3 clauses bind a server: 2 obeyed, 1 declined (MUST 1 of 2, SHOULD NOT 1 of 1)"
        );
    }
}
