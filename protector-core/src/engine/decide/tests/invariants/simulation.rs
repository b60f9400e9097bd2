//! Drives `decide` as a process would, with dice in place of the world, and watches what it is told.

use super::*;

/// What becomes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Succeeds,
    SucceedsAfterTroubles(u8),
    Fails,
    Conflicts,
    /// This release does not know its kind.
    CannotBegin,
    FailsToRevertOnce,
    FailsToRevert,
}

/// How a simulation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    RolledBack,
    Paused,
    /// Something cannot be undone.
    HeldUp,
}

/// Knows from the events alone what has happened, and judges every event and command by it.
#[derive(Debug)]
pub(super) struct Witness {
    plan: Arc<Plan>,
    running: BTreeSet<StepId>,
    reverting: BTreeSet<StepId>,
    /// What was intended and not yet reverted.
    touched: BTreeSet<StepId>,
    done: BTreeSet<StepId>,
    ever_intended: BTreeSet<StepId>,
    rolling_back: bool,
    ended: bool,
}

impl Witness {
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        Self {
            plan: Arc::clone(plan),
            running: BTreeSet::new(),
            reverting: BTreeSet::new(),
            touched: BTreeSet::new(),
            done: BTreeSet::new(),
            ever_intended: BTreeSet::new(),
            rolling_back: false,
            ended: false,
        }
    }

    fn past_the_point(&self) -> bool {
        match &self.plan.recovery {
            Recovery::RollBack => false,
            Recovery::ForwardOnly => true,
            Recovery::RollBackBefore(point) => self.ever_intended.contains(point),
        }
    }

    fn built_on<'a>(&'a self, step: &'a StepId) -> impl Iterator<Item = &'a StepId> {
        self.plan.steps.iter().filter(|later| later.builds_on(step)).map(|later| &later.id)
    }

    fn may_run(&self, step: &StepId) {
        assert!(!self.rolling_back, "{step} runs forward in a rollback");
        assert!(!self.running.contains(step), "{step} runs twice at once");
        assert!(!self.done.contains(step), "{step} runs though it is done");
        let needed = &self.plan.step(step).unwrap().after;
        assert!(needed.iter().all(|needed| self.done.contains(needed)), "{step} runs before what it needs");
    }

    fn may_revert(&self, step: &StepId) {
        assert!(self.rolling_back, "{step} is reverted without a rollback");
        assert!(!self.reverting.contains(step), "{step} is reverted twice at once");
        assert!(self.touched.contains(step), "{step} is reverted though nothing of it is there");
        let in_use = self.built_on(step).find(|later| self.touched.contains(*later));
        assert_eq!(in_use, None, "{step} is reverted before what builds on it");
    }

    fn may_roll_back(&self) {
        assert!(!self.past_the_point(), "rolled back past the point of no return");
        assert!(!self.rolling_back, "rolled back twice");
        assert!(self.running.is_empty(), "rolled back while something runs");
    }

    fn may_finish(&self, status: OperationStatus) {
        match status {
            OperationStatus::Completed => {
                let all = self.plan.steps.iter().all(|step| self.done.contains(&step.id));
                assert!(all && !self.rolling_back, "completed with something left to do");
            }
            OperationStatus::RolledBack => {
                assert!(self.rolling_back && self.touched.is_empty(), "rolled back with something left");
            }
            other => panic!("ended as {other}"),
        }
    }

    /// Judges an event that was taken in.
    pub(super) fn take(&mut self, event: &Event) {
        assert!(!self.ended, "{event:?} after the end");
        match event {
            Event::Started { .. } => {
                self.running.clear();
                self.reverting.clear();
            }
            Event::StepIntended { step } => {
                self.may_run(step);
                self.running.insert(step.clone());
                self.touched.insert(step.clone());
                self.ever_intended.insert(step.clone());
            }
            Event::StepDone { step, .. } => {
                assert!(self.running.remove(step), "{step} is done without being run");
                self.done.insert(step.clone());
            }
            Event::StepFailed { step, .. } => {
                self.running.remove(step);
            }
            Event::RollbackBegun { .. } => {
                self.may_roll_back();
                self.rolling_back = true;
            }
            Event::RevertIntended { step } => {
                self.may_revert(step);
                self.reverting.insert(step.clone());
                self.done.remove(step);
            }
            Event::RevertDone { step } => {
                assert!(self.reverting.remove(step), "{step} is undone without being reverted");
                self.touched.remove(step);
            }
            Event::RevertFailed { step, .. } => {
                self.reverting.remove(step);
            }
            Event::Finished { status, .. } => {
                self.may_finish(*status);
                self.ended = true;
            }
            Event::StepTroubled { .. } => {}
            Event::StepSkipped { step, .. } => unreachable!("{step} is not optional"),
            Event::PauseRequested { .. } | Event::CancelRequested { .. } => unreachable!("nobody asked"),
        }
    }

    /// Judges what is to be done next.
    fn judge(&self, commands: &[Command]) {
        let idle = self.running.is_empty() && self.reverting.is_empty();
        assert_eq!(self.ended, commands.is_empty() && idle, "neither busy nor ended: {commands:?}, {self:?}");
        for command in commands {
            match command {
                Command::Run { step, observe_first } => {
                    self.may_run(step);
                    assert_eq!(
                        *observe_first,
                        self.ever_intended.contains(step),
                        "{step} is looked at first"
                    );
                }
                Command::Revert { step } => self.may_revert(step),
                Command::RollBack { .. } => self.may_roll_back(),
                Command::Finish { status, .. } => self.may_finish(*status),
                Command::Leave => assert!(idle, "left while something is under way"),
                Command::Skip { step, .. } => unreachable!("{step} is not optional"),
            }
            let alone = !matches!(command, Command::Run { .. } | Command::Revert { .. });
            assert!(commands.len() == 1 || !alone, "{command:?} is not the only command");
        }
    }
}

/// A process that is told by `decide` what to do, and a world that answers as the fates have it.
#[derive(Debug)]
pub(super) struct Simulation {
    state: OperationState,
    commands: Vec<Command>,
    journal: Vec<Event>,
    witness: Witness,
    fates: BTreeMap<StepId, Fate>,
}

enum Move {
    Begin(Command),
    Answer(StepId),
    Undone(StepId),
    Crash,
}

impl Simulation {
    pub(super) fn new(plan: &Arc<Plan>, fates: &BTreeMap<StepId, Fate>) -> Self {
        Self {
            state: OperationState::new(Arc::clone(plan)),
            commands: Vec::new(),
            journal: Vec::new(),
            witness: Witness::new(plan),
            fates: fates.clone(),
        }
    }

    pub(super) fn journal(&self) -> &[Event] {
        &self.journal
    }

    pub(super) fn state(&self) -> &OperationState {
        &self.state
    }

    /// The steps that were intended and not undone since.
    pub(super) fn touched(&self) -> &BTreeSet<StepId> {
        &self.witness.touched
    }

    pub(super) fn commands(&self) -> &Vec<Command> {
        &self.commands
    }

    /// Takes in what was journaled before.
    pub(super) fn take_up(&mut self, journal: &[Event]) {
        for event in journal {
            self.take(event.clone());
        }
    }

    /// From now on every step succeeds.
    pub(super) fn mend(&mut self) {
        self.fates.values_mut().for_each(|fate| *fate = Fate::Succeeds);
    }

    fn take(&mut self, event: Event) {
        self.commands = decide(&mut self.state, &event).unwrap();
        self.witness.take(&event);
        self.witness.judge(&self.commands);
        self.journal.push(event);
    }

    /// Runs until it ends or is left for a person. The dice choose what happens next and where, `crashes` times at the most,
    /// the process dies.
    pub(super) fn run(&mut self, dice: &[u16], mut crashes: u8) -> Ending {
        if self.state.end().is_none() {
            self.take(started());
        }
        let mut dice = dice.iter().copied();
        for _ in 0..1000 {
            if let Some(end) = self.state.end() {
                return if end == OperationStatus::Completed {
                    Ending::Completed
                } else {
                    Ending::RolledBack
                };
            }
            if self.commands == [Command::Leave] {
                if self.state.rollback_reason().is_none() {
                    return Ending::Paused;
                }
                if self
                    .state
                    .not_undone()
                    .iter()
                    .any(|step| self.fates.get(step) == Some(&Fate::FailsToRevert))
                {
                    return Ending::HeldUp;
                }
                self.take(started());
            }
            let mut moves: Vec<Move> = self.commands.iter().cloned().map(Move::Begin).collect();
            moves.extend(self.witness.running.iter().cloned().map(Move::Answer));
            moves.extend(self.witness.reverting.iter().cloned().map(Move::Undone));
            if crashes > 0 {
                moves.push(Move::Crash);
            }
            let chosen = usize::from(dice.next().unwrap_or_default()) % moves.len();
            match moves.swap_remove(chosen) {
                Move::Begin(command) => self.begin(command),
                Move::Answer(step) => self.answer(step),
                Move::Undone(step) => self.undone(step),
                Move::Crash => {
                    crashes -= 1;
                    self.take(started());
                }
            }
        }
        panic!("no end after 1000 moves: {:?}", self.state);
    }

    fn begin(&mut self, command: Command) {
        match command {
            Command::Run { step, .. } if self.fates.get(&step) == Some(&Fate::CannotBegin) => {
                self.take(failed_with(step.as_str(), Code::NeedsNewerRelease));
            }
            Command::Run { step, .. } => self.take(Event::StepIntended { step }),
            Command::Revert { step } => self.take(Event::RevertIntended { step }),
            Command::RollBack { reason } => self.take(Event::RollbackBegun { reason }),
            Command::Finish { status, error_message } => self.take(Event::Finished { status, error_message }),
            Command::Skip { step, reason } => self.take(Event::StepSkipped { step, reason, by: None }),
            Command::Leave => {}
        }
    }

    fn answer(&mut self, step: StepId) {
        let fate = self.fates.get_mut(&step).unwrap();
        match fate {
            Fate::SucceedsAfterTroubles(left @ 1..) => {
                *left -= 1;
                self.take(Event::StepTroubled { step, trouble: trouble(Code::Unreachable) });
            }
            Fate::Fails => self.take(failed(step.as_str())),
            Fate::Conflicts => self.take(failed_with(step.as_str(), Code::StepConflict)),
            _ => self.take(Event::StepDone { step, output: Value::Null }),
        }
    }

    fn undone(&mut self, step: StepId) {
        let fate = self.fates.get_mut(&step).unwrap();
        match fate {
            Fate::FailsToRevertOnce => {
                *fate = Fate::Succeeds;
                self.take(revert_failed(step.as_str()));
            }
            Fate::FailsToRevert => self.take(revert_failed(step.as_str())),
            _ => self.take(Event::RevertDone { step }),
        }
    }
}
