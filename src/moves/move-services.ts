import type { AttachMemory } from '../fleet/attach-memory.js';
import type { OnHost } from '../fleet/meet-hosts.js';
import type { ConnectorFactory } from '../fleet/volume-task.js';
import type { InventoryHost } from '../inventory/inventory.js';
import type { AskOperator } from './array-step.js';
import type { EvidenceTools } from './evidence/evidence-source.js';
import type { Ledger } from './ledger/ledger-entry.js';

/** What moves need of the controller beside hosts: the same for the command line and for steps of a playbook. */
export interface MoveTools extends EvidenceTools {
  readonly ledger: Ledger;
}

/** What a move of any kind works with. */
export interface MoveServices extends MoveTools {
  readonly onHost: OnHost<InventoryHost>;
  readonly ask: AskOperator;
  readonly connectorFor: ConnectorFactory;
  readonly runId: string;
  readonly planOnly: boolean;
  /** of the run that the move is a step of; absent: it is all that is run */
  readonly memory?: AttachMemory;
}
