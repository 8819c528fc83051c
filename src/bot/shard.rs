//! Shards: the connections among which Discord divides a bot's servers.
//!
//! <https://discord.com/developers/docs/events/gateway#sharding>

/// The most shards that a bot holds, each with up to 2,500 servers.
const MOST_SHARDS: u32 = 64;

/// One of a bot's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// Its number, from 0.
    pub(super) id: u32,
    /// How many there are.
    pub(super) count: u32,
}

impl Shard {
    /// True if Discord reports this server on this shard.
    pub(super) fn has(self, server: u64) -> bool {
        (server >> 22) % u64::from(self.count.max(1)) == u64::from(self.id)
    }

    /// Its index among all shards.
    pub(super) fn index(self) -> usize {
        usize::try_from(self.id).unwrap_or(usize::MAX)
    }
}

/// How many shards to hold, given the number that Discord recommends.
pub(super) fn held(recommended: u64) -> u32 {
    u32::try_from(recommended).unwrap_or(u32::MAX).clamp(1, MOST_SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_on_one_shard_and_the_number_of_shards_is_bounded() {
        let shard = |id| Shard { id, count: 3 };
        for (server, expected) in
            [(0, 0), (8_484, 0), (1 << 22, 1), (2 << 22, 2), (3 << 22, 0), (u64::MAX, 0)]
        {
            let on: Vec<u32> = (0..3).filter(|id| shard(*id).has(server)).collect();
            assert_eq!(on, [expected], "{server}");
        }
        assert!(Shard { id: 0, count: 1 }.has(u64::MAX));
        assert_eq!([0, 1, 3, 64, 65, u64::MAX].map(held), [1, 1, 3, 64, 64, 64]);
    }
}
