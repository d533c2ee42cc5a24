/**
 * Longshore as a library: what the command line is made of. Nothing here prints, exits, or reads argv or the environment.
 */
export type {
  ConnectorContext,
  ConnectorEvent,
  DeviceInfo,
  DisconnectOptions,
  InitiatorConnector,
  Outcome,
  VerbOptions,
  VolumePath,
  VolumeResult,
  VolumeSpec,
} from './connectors/connector.js';
export { connectorFor } from './connectors/registry.js';
export type { StepReport } from './connectors/engine/step.js';
export { ERROR_CODES, LongshoreError, type ErrorCode, type ErrorDetails } from './errors/longshore-error.js';
export { execTask } from './fleet/exec-task.js';
export type { FleetEvent } from './fleet/fleet-event.js';
export type { CommandFinding, FleetResult, HostFindings, HostResult, PingFinding } from './fleet/fleet-result.js';
export { pingTask } from './fleet/ping-task.js';
export { FLEET_DEFAULTS, runFleet, type FleetOptions } from './fleet/run-fleet.js';
export type { FleetHost, HostContext, HostTask } from './fleet/run-host.js';
export { newRunId } from './fleet/run-id.js';
export { volumeTask, type ConnectorFactory, type VolumeTaskOptions, type VolumeVerb } from './fleet/volume-task.js';
export type { Inventory, InventoryGroup, InventoryHost } from './inventory/inventory.js';
export { foldNames } from './inventory/patterns/fold-names.js';
export { selectHosts } from './inventory/patterns/select-hosts.js';
export { readInventory } from './inventory/read-inventory.js';
export { readVolumeFile } from './inventory/volumes/read-volume-file.js';
export type {
  ChangeResult,
  FoundRecord,
  FoundSession,
  Intent,
  VolumeFound,
  VolumeJournal,
} from './connectors/change-journal.js';
export type { JournalLine, LineOf, LineType, NewLine } from './journal/journal-lines.js';
export { parseJournal, type ReadLines } from './journal/read-journal.js';
export { RunJournal, type Controller, type RunHeader, type TaskHeader } from './journal/run-journal.js';
export { runRecord, type RunRecord } from './journal/run-record.js';
export { readRun, readRunLines, runIds } from './journal/run-store.js';
export type { HostJournal, TaskJournal } from './journal/task-journal.js';
export { resultDocument } from './report/result-document.js';
export { resultSchema, type ResultDocument } from './report/result-schema.js';
export { Secret } from './secrets/secret.js';
export { lookAtHost, type HostSnapshot } from './sweep/host-snapshot.js';
export { auditVolume, type VolumeTraces } from './sweep/volume-traces.js';
export { deadlineIn, type Deadline } from './time/deadline.js';
export type { Counters, Executor, LaneReply, LaneRequest, RepliesTo } from './transport/executor.js';
export { type HostKeyPolicy, KnownHostsMemory } from './transport/known-hosts.js';
export { connectLocal } from './transport/local.js';
export { printable } from './transport/printable.js';
export { readOnlyExecutor } from './transport/read-only-executor.js';
export { normaliseTrace, type NormalisedTrace } from './transport/recording/normalise-trace.js';
export { readTrace } from './transport/recording/read-trace.js';
export {
  HostRecording,
  recordingExecutor,
  type RecordingOptions,
  type RecordingSink,
} from './transport/recording/recording-executor.js';
export { ReplayError } from './transport/recording/replay-error.js';
export { HostReplay, replayExecutor, type ReplayOptions } from './transport/recording/replay-executor.js';
export {
  readTraceFile,
  traceFilePath,
  tracedHost,
  type TracedHost,
  type TraceFileOptions,
  type TraceMode,
} from './transport/recording/trace-file.js';
export type { Trace } from './transport/recording/trace-format.js';
export { traceText } from './transport/recording/trace-text.js';
export { connectSsh } from './transport/ssh-connection.js';
export { KeyRing } from './transport/ssh-key-ring.js';
export type { Become, PrivateKeyFile, SshOptions } from './transport/ssh-options.js';
export type { SshConfig } from './transport/ssh-config.js';
export type { SshConfigSource } from './transport/ssh-config-resolver.js';
export type { AskPassphrase } from './transport/ssh-key-ring.js';
export { SshRoutes, type SshRequest, type SshRunOptions } from './transport/ssh-route.js';
