use crate::domain::{Finding, OperationType};
use crate::id::{GroupId, SiteName, StepId};
use crate::journal::canonical::{CanonicalJson, Sorted};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::io;
use std::time::Duration;

/// The frozen list of steps of one operation, computed before anything is touched.
///
/// It holds neither the operation's id nor a time, so that the same facts give the same [`Plan::hash`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this form.
    pub version: u32,
    /// What the operation is.
    pub operation_type: OperationType,
    /// The group.
    pub group: GroupId,
    /// The group's name.
    pub group_name: String,
    /// Where the group is primary before.
    pub source_site: SiteName,
    /// The other site.
    pub target_site: SiteName,
    /// The group's epoch when the plan was made.
    pub epoch: u64,
    /// What a failure leads to.
    pub recovery: Recovery,
    /// What the operator should know, though it refuses nothing.
    #[serde(default)]
    pub warnings: Vec<Finding>,
    /// The steps; each stands after those it depends on.
    pub steps: Vec<PlannedStep>,
}

/// What a failure that does not pass leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Everything is reverted.
    RollBack,
    /// Everything is reverted until the intent of this step is journaled; from then on it only goes forward.
    RollBackBefore(StepId),
    /// It only goes forward.
    ForwardOnly,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// Its name in the plan: `stop_server/web-1`.
    pub id: StepId,
    /// The step kind.
    pub kind: String,
    /// The version of the kind's input.
    pub kind_version: u32,
    /// The site whose clients it gets; none for what concerns the stores of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    /// What it does, for a person.
    pub title: String,
    /// The steps that have to be done before it begins.
    pub after: Vec<StepId>,
    /// Those of them that only come before it in time: they are undone without waiting for its undoing. The others it builds
    /// on: each of them is undone only when this one is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merely_after: Vec<StepId>,
    /// The steps that have to have come to an end before it begins, whatever end: done, skipped, or failed if they are
    /// optional. It does not build on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after_end_of: Vec<StepId>,
    /// Whether the operation goes on without it if it fails; what builds on it is skipped then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// How long an optional step that fails is tried, seconds; none: as long as any other before the point of no return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// What becomes of it when it takes longer than it should; none: `engine.step_timeout` ends an attempt, and the failure
    /// is one like any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waiting>,
    /// What it is given; [`output`], [`output_or`] and [`done`] refer to what will have become of an earlier step.
    pub input: StepInput,
    /// The calls it makes, for a person.
    pub calls: Vec<String>,
    /// How it is undone, for a person; `None` if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revert: Option<String>,
}

/// What a step is given, kept as a text: a plan has thousands of them, and as trees they took most of its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepInput(CanonicalJson);

impl StepInput {
    /// Keeps an input.
    pub fn of(input: &Value) -> Self {
        Self(CanonicalJson::of_value(input))
    }

    /// The input.
    pub fn value(&self) -> Value {
        // It was written from a value.
        self.0.read().unwrap_or_default()
    }
}

impl Serialize for StepInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StepInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|input| Self::of(&input))
    }
}

/// How long a step is waited for that does not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Seconds.
    pub within: u64,
    /// Whether it is waited for on and on, and said again each time that it takes longer: until it is done, or a person
    /// cancels.
    pub without_end: bool,
}

impl PlannedStep {
    /// Whether it rests on what another step changed, so that it has to be undone first.
    pub fn builds_on(&self, other: &StepId) -> bool {
        self.after.contains(other) && !self.merely_after.contains(other)
    }
}

/// A reference to a field of what an earlier step will have returned; stands in a step's input.
pub fn output(step: &StepId, field: &str) -> Value {
    json!({"$output": {"step": step, "field": field}})
}

/// The same of a step that may end without returning anything: `instead` stands in its place then. The step that has it
/// comes after the end of the other, and does not build on it.
pub fn output_or(step: &StepId, field: &str, instead: &Value) -> Value {
    json!({"$output": {"step": step, "field": field, "or": instead}})
}

/// Stands for whether an earlier step is done, in the input of one that comes after its end and does not build on it.
pub fn done(step: &StepId) -> Value {
    json!({"$done": step})
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A plan is not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Two steps have one name.
    #[error("two steps of the plan are named {0}")]
    Duplicate(StepId),
    /// A step depends on, or refers to, one that does not stand before it.
    #[error("step {step} needs {missing}, which does not stand before it")]
    Order {
        /// The step.
        step: StepId,
        /// What it needs.
        missing: StepId,
    },
    /// A step that the operation cannot go on without builds on one that it can.
    #[error("step {step} is not optional, but comes after {optional}, which is")]
    OnOptional {
        /// The step.
        step: StepId,
        /// What it comes after.
        optional: StepId,
    },
    /// The point of no return is at a step that the plan does not have.
    #[error("the point of no return is at step {0}, which the plan does not have")]
    NoSuchPoint(StepId),
    /// An output lacks a field that a later step refers to.
    #[error("step {step} returned no field {field}")]
    NoOutput {
        /// The step that should have returned it.
        step: StepId,
        /// The field.
        field: String,
    },
}

impl Plan {
    /// SHA-256 over the plan in canonical JSON, hexadecimal.
    pub fn hash(&self) -> String {
        let mut text = Hashed(Sha256::new());
        // Neither this writer nor what a plan is made of ever fails.
        drop(serde_json::to_writer(&mut text, &self.sorted()));
        text.0.finalize().iter().fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        })
    }

    /// The plan in canonical JSON.
    ///
    /// # Errors
    /// It has no form in JSON.
    pub fn text(&self) -> Result<CanonicalJson, serde_json::Error> {
        CanonicalJson::of_sorted(&self.sorted())
    }

    fn sorted(&self) -> SortedPlan<'_> {
        SortedPlan {
            epoch: self.epoch,
            group: &self.group,
            group_name: &self.group_name,
            operation_type: Sorted(&self.operation_type),
            recovery: Sorted(&self.recovery),
            source_site: &self.source_site,
            steps: self.steps.iter().map(Sorted).collect(),
            target_site: &self.target_site,
            version: self.version,
            warnings: Sorted(&self.warnings),
        }
    }

    /// A step by its name.
    pub fn step(&self, id: &StepId) -> Option<&PlannedStep> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// How many steps stand at the most in a chain that begins with each step: who is first when not all can be.
    pub fn critical_paths(&self) -> BTreeMap<StepId, usize> {
        let mut lengths: BTreeMap<StepId, usize> = BTreeMap::new();
        for step in self.steps.iter().rev() {
            let own = lengths.get(&step.id).copied().unwrap_or(0) + 1;
            lengths.insert(step.id.clone(), own);
            for before in step.after.iter().chain(&step.after_end_of) {
                let entry = lengths.entry(before.clone()).or_default();
                *entry = (*entry).max(own);
            }
        }
        lengths
    }

    /// A step's input with every reference replaced by what the earlier step returned, which `returned` knows.
    ///
    /// # Errors
    /// [`PlanError::NoOutput`].
    pub fn resolve(step: &PlannedStep, returned: &Returned<'_>) -> Result<Value, PlanError> {
        resolve(&step.input.value(), returned)
    }
}

/// A plan's fields in the order of their names.
#[derive(Serialize)]
struct SortedPlan<'a> {
    epoch: u64,
    group: &'a GroupId,
    group_name: &'a str,
    operation_type: Sorted<'a, OperationType>,
    recovery: Sorted<'a, Recovery>,
    source_site: &'a SiteName,
    steps: Vec<Sorted<'a, PlannedStep>>,
    target_site: &'a SiteName,
    version: u32,
    warnings: Sorted<'a, Vec<Finding>>,
}

/// Takes a text to hash it.
struct Hashed(Sha256);

impl io::Write for Hashed {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.update(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "$output")]
    output: Target,
}

#[derive(Deserialize)]
struct Target {
    step: StepId,
    field: String,
    /// Present, though perhaps null, in what [`output_or`] makes.
    #[serde(rename = "or", default, deserialize_with = "present")]
    instead: Option<Value>,
}

/// Null is a value here, too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn reference(value: &Value) -> Option<Target> {
    let fields = value.as_object()?;
    if fields.len() != 1 || !fields.contains_key("$output") {
        return None;
    }
    Reference::deserialize(value).ok().map(|reference| reference.output)
}

/// The step whose being done is asked for.
fn asked_of(value: &Value) -> Option<StepId> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.get("$done")?.as_str().map(StepId::from)
}

/// Knows what steps have returned.
type Returned<'a> = dyn Fn(&StepId) -> Option<Value> + 'a;

fn resolve(value: &Value, returned: &Returned<'_>) -> Result<Value, PlanError> {
    if let Some(step) = asked_of(value) {
        return Ok(Value::Bool(returned(&step).is_some()));
    }
    if let Some(Target { step, field, instead }) = reference(value) {
        let found = returned(&step).and_then(|mut output| output.get_mut(&field).map(Value::take));
        return found.or(instead).ok_or(PlanError::NoOutput { step, field });
    }
    Ok(match value {
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| resolve(item, returned)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| Ok((key.clone(), resolve(value, returned)?)))
                .collect::<Result<_, PlanError>>()?,
        ),
        plain => plain.clone(),
    })
}

/// What an input refers to.
#[derive(Default)]
struct References {
    needed: BTreeSet<StepId>,
    /// Those that something else stands in for.
    replaceable: BTreeSet<StepId>,
}

impl References {
    fn collect(&mut self, value: &Value) {
        if let Some(step) = asked_of(value) {
            self.replaceable.insert(step);
            return;
        }
        if let Some(target) = reference(value) {
            if target.instead.is_some() {
                self.replaceable.insert(target.step);
            } else {
                self.needed.insert(target.step);
            }
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(fields) => fields.values().for_each(|value| self.collect(value)),
            _ => {}
        }
    }
}

/// Collects steps in order.
#[derive(Debug)]
pub struct PlanBuilder {
    plan: Plan,
}

impl PlanBuilder {
    /// A plan without steps.
    pub fn new(
        operation_type: OperationType,
        group: GroupId,
        group_name: impl Into<String>,
        (source_site, target_site): (SiteName, SiteName),
        epoch: u64,
        recovery: Recovery,
    ) -> Self {
        let group_name = group_name.into();
        let (warnings, steps) = (Vec::new(), Vec::new());
        Self {
            plan: Plan {
                version: 1,
                operation_type,
                group,
                group_name,
                source_site,
                target_site,
                epoch,
                recovery,
                warnings,
                steps,
            },
        }
    }

    /// Notes what the operator should know.
    pub fn warn(&mut self, warning: Finding) {
        self.plan.warnings.push(warning);
    }

    /// Adds a step. Steps whose outputs the input refers to are added to what it builds on, unless it is said to come
    /// merely after them.
    pub fn add(&mut self, step: StepBuilder) -> StepId {
        let StepBuilder { step: mut planned, input } = step;
        let builds_on: BTreeSet<StepId> = planned.after.into_iter().collect();
        let mut merely_after: BTreeSet<StepId> = planned.merely_after.into_iter().collect();
        merely_after.retain(|step| !builds_on.contains(step));
        let mut references = References::default();
        references.collect(&input);
        planned.input = StepInput::of(&input);
        let References { mut needed, replaceable } = references;
        needed.extend(builds_on);
        needed.extend(merely_after.iter().cloned());
        let mut after_end_of: BTreeSet<StepId> = planned.after_end_of.into_iter().collect();
        after_end_of.extend(replaceable);
        after_end_of.retain(|step| !needed.contains(step));
        planned.after = needed.into_iter().collect();
        planned.merely_after = merely_after.into_iter().collect();
        planned.after_end_of = after_end_of.into_iter().collect();
        let id = planned.id.clone();
        self.plan.steps.push(planned);
        id
    }

    /// The plan.
    ///
    /// # Errors
    /// Names are not unique, a step needs one that does not stand before it, or the point of no return is at none of them.
    pub fn build(self) -> Result<Plan, PlanError> {
        let (mut known, mut optional) = (BTreeSet::new(), BTreeSet::new());
        for step in &self.plan.steps {
            let mut before = step.after.iter().chain(&step.after_end_of);
            if let Some(missing) = before.find(|id| !known.contains(id)) {
                return Err(PlanError::Order { step: step.id.clone(), missing: missing.clone() });
            }
            if !known.insert(&step.id) {
                return Err(PlanError::Duplicate(step.id.clone()));
            }
            let on = step.after.iter().find(|id| optional.contains(id));
            if step.optional {
                optional.insert(&step.id);
            } else if let Some(on) = on {
                return Err(PlanError::OnOptional { step: step.id.clone(), optional: on.clone() });
            }
        }
        if let Recovery::RollBackBefore(point) = &self.plan.recovery
            && !known.contains(point)
        {
            return Err(PlanError::NoSuchPoint(point.clone()));
        }
        Ok(self.plan)
    }
}

/// One step in the making.
#[derive(Debug)]
pub struct StepBuilder {
    step: PlannedStep,
    input: Value,
}

impl StepBuilder {
    /// A step of `kind` named `id`.
    pub fn new(kind: &str, id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            step: PlannedStep {
                id: StepId::new(id),
                kind: kind.to_owned(),
                kind_version: 1,
                site: None,
                title: title.into(),
                after: Vec::new(),
                merely_after: Vec::new(),
                after_end_of: Vec::new(),
                optional: false,
                patience: None,
                waits: None,
                input: StepInput::of(&Value::Null),
                calls: Vec::new(),
                revert: None,
            },
            input: Value::Null,
        }
    }

    /// At a site.
    #[must_use]
    pub fn at(mut self, site: &SiteName) -> Self {
        self.step.site = Some(site.clone());
        self
    }

    /// After other steps, on which it builds: they are undone only when it is.
    #[must_use]
    pub fn after<'a>(mut self, steps: impl IntoIterator<Item = &'a StepId>) -> Self {
        self.step.after.extend(steps.into_iter().cloned());
        self
    }

    /// After other steps, but only in time: they are undone whether it is or not.
    #[must_use]
    pub fn merely_after<'a>(mut self, steps: impl IntoIterator<Item = &'a StepId>) -> Self {
        self.step.merely_after.extend(steps.into_iter().cloned());
        self
    }

    /// After the end of other steps, whatever end that is.
    #[must_use]
    pub fn after_end_of<'a>(mut self, steps: impl IntoIterator<Item = &'a StepId>) -> Self {
        self.step.after_end_of.extend(steps.into_iter().cloned());
        self
    }

    /// Such that the operation goes on without it if it fails.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.step.optional = true;
        self
    }

    /// Optional, and tried no longer than this.
    #[must_use]
    pub fn optional_within(mut self, patience: Duration) -> Self {
        self.step.optional = true;
        self.step.patience = Some(patience.as_secs());
        self
    }

    /// Waited for so long if it does not come to its end.
    #[must_use]
    pub fn waiting(mut self, waits: Option<Waiting>) -> Self {
        self.step.waits = waits;
        self
    }

    /// With this input.
    #[must_use]
    pub fn input(mut self, input: impl Serialize) -> Self {
        self.input = json!(input);
        self
    }

    /// Making this call.
    #[must_use]
    pub fn call(mut self, call: impl Into<String>) -> Self {
        self.step.calls.push(call.into());
        self
    }

    /// Undone like this.
    #[must_use]
    pub fn reverted_by(mut self, how: impl Into<String>) -> Self {
        self.step.revert = Some(how.into());
        self
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} of {} from {} to {}: {} steps, plan {}",
            self.operation_type,
            self.group_name,
            self.source_site,
            self.target_site,
            self.steps.len(),
            self.hash().get(..12).unwrap_or_default(),
        )?;
        for warning in &self.warnings {
            writeln!(formatter, "  note: {warning}")?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            if matches!(&self.recovery, Recovery::RollBackBefore(id) if *id == step.id) {
                writeln!(formatter, "  ---- point of no return ----")?;
            }
            let site = step.site.as_ref().map_or("both sites", SiteName::as_str);
            writeln!(formatter, "{:>4}. {:<44} {:<12} {}", number + 1, step.id.as_str(), site, step.title)?;
            for call in &step.calls {
                writeln!(formatter, "        {call}")?;
            }
            if let Some(revert) = &step.revert {
                writeln!(formatter, "        undone: {revert}")?;
            }
            if step.optional {
                writeln!(formatter, "        goes on without it if it fails")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
