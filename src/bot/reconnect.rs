//! Decides when a shard reconnects to the gateway: soon after a break, and less often while it fails.
//!
//! Times are spans since the bot started, so that setting the clock changes nothing.

use std::collections::VecDeque;

use chrono::TimeDelta;

/// The wait before the gateway is tried again: after an open session, otherwise the first and the longest.
const AT_ONCE: TimeDelta = TimeDelta::seconds(1);
pub(super) const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
pub(super) const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// The first and the longest wait if only a person can fix the cause.
const REFUSED_PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::minutes(30), TimeDelta::hours(6));
/// A connection that was open for this long was a good one.
pub(super) const STEADY: TimeDelta = TimeDelta::minutes(1);
/// After this many consecutive short connections, one counts as open only once it is steady.
const MOST_SHORT: usize = 5;
/// A session is given up after this many consecutive failed attempts to resume it.
const MOST_RESUMES: usize = 3;
/// Discord ends open sessions now and then. This many within `WINDOW` mean that somebody else begins new
/// ones.
const MOST_ENDED: usize = 5;
const WINDOW: TimeDelta = TimeDelta::minutes(10);
/// After this long, earlier failures no longer count.
pub(super) const LONG: TimeDelta = WINDOW;

/// The end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Discord asked the bot to reconnect.
    Asked,
    /// It broke off, or was never established.
    Failed,
    /// Discord said that the session is over.
    SessionOver,
    /// It fails until somebody fixes the cause.
    Refused,
}

/// A connection that ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed {
    pub(super) end: End,
    /// How long its session was open; `None` if it never was.
    pub(super) open_for: Option<TimeDelta>,
    /// True if it tried to resume a session.
    pub(super) resumed: bool,
    /// True if there is a session to resume.
    pub(super) has_session: bool,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    /// How long to wait.
    pub(super) wait: TimeDelta,
    /// True if the session is given up.
    pub(super) forget_session: bool,
    /// True if the end is routine and not a failure.
    pub(super) routine: bool,
    /// True if Discord ends sessions the way it does when another program begins them with the same token.
    pub(super) rivalled: bool,
}

/// The earlier connections.
#[derive(Debug)]
pub(super) struct Reconnect {
    /// When Discord ended open sessions recently.
    ended: VecDeque<TimeDelta>,
    /// True if somebody else seems to begin sessions. It stays true until a connection lasts.
    rivalled: bool,
    /// Consecutive connections that were open, but not for long.
    short: usize,
    /// Consecutive failed attempts to resume the session.
    resumes: usize,
    /// The next wait.
    pause: TimeDelta,
}

impl Reconnect {
    pub(super) fn new() -> Self {
        let ended = VecDeque::new();
        Self { ended, rivalled: false, short: 0, resumes: 0, pause: FIRST_PAUSE }
    }

    /// True if an open session counts as connected only once it is steady.
    pub(super) fn is_shaky(&self) -> bool {
        self.rivalled || self.short >= MOST_SHORT
    }

    /// The wait after an attempt that did not lead to a connection.
    pub(super) fn pause(&mut self, refused: bool) -> TimeDelta {
        let (least, most) = if refused { REFUSED_PAUSE } else { (FIRST_PAUSE, LONGEST_PAUSE) };
        let pause = self.pause.clamp(least, most);
        self.pause = pause * 2;
        pause
    }

    /// Decides how to continue after a connection.
    pub(super) fn after(&mut self, closed: Closed, now: TimeDelta) -> Next {
        let Closed { end, open_for, resumed, has_session } = closed;
        let lasted = open_for.is_some_and(|span| span >= STEADY);
        if lasted {
            self.short = 0;
        } else if open_for.is_some() {
            self.short = self.short.saturating_add(1);
        }
        if lasted || (open_for.is_some() && self.short < MOST_SHORT) {
            self.pause = FIRST_PAUSE;
        }
        if open_for.is_some_and(|span| span >= WINDOW) {
            self.rivalled = false;
        }
        let rivalled = end == End::SessionOver && open_for.is_some() && self.ends_again(now);
        // If the token is refused, its session is gone, too.
        let forget_session = self.forgets(open_for.is_some(), resumed && has_session) || end == End::Refused;
        let can_resume = has_session && !forget_session;
        let at_once = match end {
            End::Asked => lasted && can_resume,
            End::Failed => open_for.is_some() && self.short < MOST_SHORT && can_resume,
            End::SessionOver | End::Refused => false,
        };
        let wait = match (rivalled, at_once) {
            (true, _) => WINDOW,
            (false, true) => AT_ONCE,
            (false, false) => self.pause(end == End::Refused),
        };
        Next { wait, forget_session, routine: end == End::Asked && at_once, rivalled }
    }

    /// Counts an attempt to resume a session. Returns true if it was the last.
    fn forgets(&mut self, opened: bool, failed: bool) -> bool {
        self.resumes = if failed && !opened { self.resumes + 1 } else { 0 };
        let forgets = self.resumes >= MOST_RESUMES;
        if forgets {
            self.resumes = 0;
        }
        forgets
    }

    /// Records that Discord ended an open session. Returns true if that happens too often. Connections that
    /// break off in between do not count: networks cause that.
    fn ends_again(&mut self, now: TimeDelta) -> bool {
        self.ended.retain(|at| now - *at < WINDOW);
        if self.ended.len() < MOST_ENDED {
            self.ended.push_back(now);
        }
        self.rivalled |= self.ended.len() >= MOST_ENDED;
        self.rivalled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER_OPEN: Closed =
        Closed { end: End::Failed, open_for: None, resumed: false, has_session: false };
    const BROKE_OFF: Closed =
        Closed { end: End::Failed, open_for: Some(TimeDelta::hours(1)), resumed: false, has_session: true };

    fn seconds(seconds: i64) -> TimeDelta {
        TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_break_is_gone_on_with_at_once_and_a_session_survives_two_failures() {
        let mut reconnect = Reconnect::new();
        assert_eq!(reconnect.after(BROKE_OFF, seconds(0)).wait, AT_ONCE);
        let resume = Closed { resumed: true, has_session: true, ..NEVER_OPEN };
        let next = [1, 10, 20, 40].map(|at| reconnect.after(resume, seconds(at)));
        assert_eq!(next.map(|next| next.wait.num_seconds()), [5, 10, 20, 40]);
        assert_eq!(next.map(|next| next.forget_session), [false, false, true, false]);
        // An attempt that worked is not a failure.
        let works = Closed { open_for: Some(seconds(5)), ..resume };
        for at in 100..120 {
            assert!(!reconnect.after(resume, seconds(at)).forget_session);
            assert!(!reconnect.after(works, seconds(at)).forget_session);
        }
    }

    #[test]
    fn asked_to_reconnect_it_does_so_at_once_only_after_a_good_connection() {
        let mut reconnect = Reconnect::new();
        let asked = Closed { end: End::Asked, ..BROKE_OFF };
        let next = reconnect.after(asked, seconds(0));
        assert!(next.routine && next.wait == AT_ONCE);
        let early = Closed { open_for: Some(seconds(59)), resumed: true, ..asked };
        let waits = (0..9).map(|at| reconnect.after(early, seconds(at)));
        let waits: Vec<_> = waits.map(|next| (next.wait.num_seconds(), next.routine)).collect();
        let bounded = [5, 5, 5, 5, 10, 20, 40, 60, 60].map(|wait| (wait, false));
        assert_eq!(waits, bounded);
        let before_ready = Closed { open_for: None, resumed: false, has_session: false, ..asked };
        assert_eq!(reconnect.after(before_ready, seconds(20)).wait, LONGEST_PAUSE);
    }

    #[test]
    fn only_sessions_that_discord_ends_are_a_sign_of_another_program() {
        let mut reconnect = Reconnect::new();
        let over =
            Closed { end: End::SessionOver, open_for: Some(seconds(3)), resumed: false, has_session: false };
        let broke_off = Closed { end: End::Failed, has_session: true, ..over };
        let refused_resume = Closed { open_for: None, resumed: true, ..over };
        for at in 0..200 {
            assert!(!reconnect.after(broke_off, seconds(at)).rivalled);
            assert!(!reconnect.after(refused_resume, seconds(at)).rivalled);
            // Now and then Discord itself ends a session.
            if at % 150 == 0 {
                assert!(!reconnect.after(over, seconds(at)).rivalled);
            }
        }
        let mut reconnect = Reconnect::new();
        let rivalled = [0, 10, 20, 30, 40].map(|at| reconnect.after(over, seconds(at)).rivalled);
        assert_eq!(rivalled, [false, false, false, false, true]);
        // Attempts are rare until a connection lasts.
        let next = reconnect.after(over, seconds(3_000));
        assert!(next.rivalled && next.wait == WINDOW && reconnect.is_shaky());
        assert!(!reconnect.after(BROKE_OFF, seconds(10_000)).rivalled && !reconnect.is_shaky());
        assert!(!reconnect.after(over, seconds(10_010)).rivalled);
    }
}
