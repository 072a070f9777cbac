// What the isolate's memory is taken up by, and promised to: one account for each object.
//
// An engine counts with what it has taken, or with what it may still take, whichever is more: what it had
// when it woke, what it keeps, and what its turns were promised. Engines that have nothing to do are
// given up for others, the one used longest ago first. Objects share the numbers here and nothing
// else: no promise, timer or request of one is ever touched for another.

const accounts = new Set();
let total = 0;
let uses = 0;

/** The account of one object. */
export class Account {
  constructor(object) {
    // Whoever is gone without a word takes its account with it.
    this.object = new WeakRef(object);
    this.woken = 0;
    this.size = 0;
    this.kept = 0;
    this.promised = 0;
    this.bodies = 0;
    this.charge = 0;
    this.used = 0;
    accounts.add(this);
  }

  /** The object's engine has been made. */
  woke(size, budget) {
    this.woken = size;
    this.size = size;
    this.settle();
    makeRoom(budget, this);
  }

  /** The object's engine has grown. */
  grew(size) {
    this.size = size;
    this.settle();
  }

  /** The object's engine has been given up. */
  slept() {
    this.woken = 0;
    this.size = 0;
    this.kept = 0;
    this.settle();
  }

  /** Who was used longest ago is given up first. */
  touch() {
    this.used = ++uses;
  }

  /** Charges memory for a turn, if there is so much, or if nobody else in the isolate was promised any: then
      the one may have all there is. `kept` is what the engine keeps by now. */
  promise(bytes, kept, budget) {
    this.kept = kept;
    this.promised += bytes;
    this.settle();
    if (makeRoom(budget, this) || isAlone(this, bytes)) return true;
    this.promised -= bytes;
    this.settle();
    return false;
  }

  /** Takes a charge back. */
  release(bytes) {
    this.promised -= bytes;
    this.settle();
  }

  /** Charges or takes back memory of bodies; whether there is so much. */
  read(bytes, budget) {
    this.bodies += bytes;
    this.settle();
    if (bytes <= 0 || makeRoom(budget, this)) return true;
    this.bodies -= bytes;
    this.settle();
    return false;
  }

  settle() {
    const charge = Math.max(this.size, this.woken + this.kept + this.promised) + this.bodies;
    total += charge - this.charge;
    this.charge = charge;
  }

  close() {
    accounts.delete(this);
    total -= this.charge;
    this.charge = 0;
  }
}

/** Whether all charges are within the budget, once idle engines of others were given up for it. */
function makeRoom(budget, forWhom) {
  if (total <= budget) return true;
  for (const account of accounts) if (account.object.deref() === undefined) account.close();
  const idle = [...accounts].filter((account) => account !== forWhom && account.size > 0 && isIdle(account));
  for (const account of idle.sort((a, b) => a.used - b.used)) {
    if (total <= budget) break;
    account.object.deref()?.giveUpEngine();
  }
  return total <= budget;
}

function isIdle(account) {
  return account.object.deref()?.turns.size === 0;
}

function isAlone(account, bytes) {
  if (account.promised > bytes) return false;
  for (const other of accounts) if (other !== account && other.promised > 0) return false;
  return true;
}

/** What is charged for a body: twice its length, since the engine has it too. */
export class Room {
  constructor(account, limits) {
    this.account = account;
    this.limits = limits;
    this.bytes = 0;
    /** Whether it is given back when a turn ends. */
    this.isTurns = false;
  }

  /** Whether so long a body has room; waits for it a while. */
  async take(length) {
    const { account, limits } = this;
    const more = 2 * length - this.bytes;
    if (length <= limits.bodyUncharged || more <= 0) return true;
    const until = Date.now() + limits.roomWaitMillis;
    while (!account.read(more, limits.isolateMemory)) {
      if (Date.now() >= until) return false;
      await scheduler.wait(limits.roomPollMillis);
    }
    this.bytes += more;
    return true;
  }

  /** Gives it back; may be called twice. */
  release() {
    if (this.bytes > 0) this.account.read(-this.bytes);
    this.bytes = 0;
  }
}
