//! Rolls dice: randomness from the host through an ordinary crate, progress and a log on the way.

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smcp_sdk::{Context, Json, Parameters, tool, tool_router};

#[derive(Default)]
struct Dice;

#[derive(Deserialize, JsonSchema)]
struct Roll {
    /// How many dice, at most 100.
    count: u8,
    /// How many sides each has, at least 2.
    sides: u16,
}

#[derive(Serialize, JsonSchema)]
struct Rolled {
    /// What each shows.
    dice: Vec<u16>,
    /// All of them together.
    sum: u32,
}

#[tool_router(server_handler)]
impl Dice {
    /// Rolls dice, and says how far it is while it does.
    #[tool]
    fn roll(
        &self,
        ctx: &Context,
        Parameters(Roll { count, sides }): Parameters<Roll>,
    ) -> Result<Json<Rolled>, String> {
        if count > 100 || sides < 2 {
            return Err("roll at most 100 dice of at least 2 sides".to_owned());
        }
        let mut rng = StdRng::try_from_rng(&mut SysRng).map_err(|error| error.to_string())?;
        let mut dice = Vec::new();
        for rolled in 1..=count {
            dice.push(rng.random_range(1..=sides));
            ctx.progress(f64::from(rolled), Some(f64::from(count)), None);
        }
        let sum = dice.iter().copied().map(u32::from).sum();
        Ok(Json(Rolled { dice, sum }))
    }
}

smcp_sdk::serve!(Dice);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smcp_sdk::testing::Client;

    #[test]
    fn dice_show_what_dice_can() {
        let client = Client::<super::Dice>::new();
        let outcome = client.call("roll", json!({"count": 50, "sides": 6}));
        let dice = outcome.structured()["dice"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(dice.len(), 50);
        assert!(
            dice.iter()
                .all(|die| (1..=6).contains(&die.as_u64().unwrap_or(0)))
        );
        assert_eq!(client.progress().len(), 50);
    }

    #[test]
    fn impossible_dice_are_told_to_the_model() {
        let client = Client::<super::Dice>::new();
        assert!(
            client
                .call("roll", json!({"count": 1, "sides": 1}))
                .is_error()
        );
    }
}
