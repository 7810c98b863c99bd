<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Closure;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Database\DatabaseManager;
use Illuminate\Database\DatabaseTransactionsManager;
use Illuminate\Database\Events\ConnectionEvent;
use Illuminate\Database\Events\TransactionBeginning;
use Illuminate\Database\Events\TransactionCommitted;
use Illuminate\Database\Events\TransactionCommitting;
use Illuminate\Database\Events\TransactionRolledBack;
use Illuminate\Support\Collection;
use Throwable;

/**
 * What waits for a commit, in the order in which it was raised.
 *
 * Laravel's transactions manager alone isn't enough: before 10.32 it forgets the callbacks of a
 * committed inner transaction when a later one is rolled back, since then it runs those of inner
 * transactions before the outer one's. So it only tells when the commit has come (and keeps its own
 * callbacks between ours in their order); what is still to run, the connections' events tell.
 */
final class Commits
{
    // From a transaction's callbacks to here, through the dispatcher.
    private const FRAMES = 40;

    /** @var array<int, Waiting> by number, in the order of raising */
    private array $waiting = [];

    private int $count = 0;

    /** @var array<string, true> connections that are committing right now */
    private array $committing = [];

    private ?Dispatcher $events = null;

    public function __construct(private readonly Flushing $flushing)
    {
    }

    /**
     * Laravel's events of transactions; called once.
     */
    public function listenTo(Dispatcher $events): void
    {
        $this->events = $events;
        $events->listen(TransactionBeginning::class, fn (TransactionBeginning $event) => $this->begun($event));
        $events->listen(TransactionCommitting::class, fn (TransactionCommitting $event) => $this->beginsToCommit($event));
        $events->listen(TransactionCommitted::class, fn (TransactionCommitted $event) => $this->committed($event));
        $events->listen(TransactionRolledBack::class, fn (TransactionRolledBack $event) => $this->rolledBack($event));
    }

    /**
     * Whether a transaction is open, or may be.
     */
    public function mustWait(object $manager): bool
    {
        return ! $manager instanceof DatabaseTransactionsManager || ! $this->open($manager)->isEmpty();
    }

    /**
     * Runs it when the transaction that is open now has been committed.
     *
     * @param Closure(bool): void $run is told whether a commit is under way, whose broadcasts leave together
     */
    public function after(Application $app, object $manager, Closure $run): void
    {
        if (! $manager instanceof DatabaseTransactionsManager) {
            /** @var DatabaseTransactionsManager $manager what a test put in its place has its methods */
            $manager->addCallback(static fn () => $run(false));

            return;
        }

        [$name, $base] = $this->waitsFor($this->open($manager));
        $connection = $app->make(DatabaseManager::class)->connection($name);

        // Its events go elsewhere: a rollback would not be heard here.
        if ($connection->getEventDispatcher() !== $this->events) {
            $manager->addCallback(static fn () => $run(false));

            return;
        }

        $number = ++$this->count;
        $this->waiting[$number] = new Waiting($name, $connection->transactionLevel(), $base, $run);
        $manager->addCallback(fn () => $this->reached($number));
    }

    /**
     * The open transactions that callbacks would wait for.
     *
     * @return Collection<int, object{connection: string|null, level: int}>
     */
    private function open(DatabaseTransactionsManager $manager): Collection
    {
        /** @var Collection<int, object{connection: string|null, level: int}> $records */
        $records = method_exists($manager, 'callbackApplicableTransactions')
            ? $manager->callbackApplicableTransactions()
            : $manager->getTransactions(); // @phpstan-ignore method.notFound (of Laravel 8)

        return $records;
    }

    /**
     * The connection of the last of them, and the level that it has when all is committed: more than 0 inside
     * a transaction that tests wrap around themselves.
     *
     * @param Collection<int, object{connection: string|null, level: int}> $open
     *
     * @return array{string, int}
     */
    private function waitsFor(Collection $open): array
    {
        /** @var object{connection: string|null, level: int} $last */
        $last = $open->last();
        $first = $open->where('connection', $last->connection)->first() ?? $last;

        return [(string) $last->connection, $first->level - 1];
    }

    /**
     * Its commit has come: everything of this connection that was raised before it runs first.
     */
    private function reached(int $number): void
    {
        $connection = ($this->waiting[$number] ?? null)?->connection;

        foreach ($connection === null ? [] : $this->of($connection) as $earlier => $waiting) {
            if ($earlier <= $number) {
                $this->run($earlier, $waiting);
            }
        }
    }

    private function run(int $number, Waiting $waiting): void
    {
        unset($this->waiting[$number]);

        try {
            ($waiting->run)(true);
        } catch (Throwable $e) {
            // It ends the commit's callbacks, and TransactionCommitted isn't told any more.
            unset($this->committing[$waiting->connection]);
            $this->flushing->release();

            throw $e;
        }
    }

    /**
     * Whether this is called by a callback of a commit, whose broadcasts leave together. One that failed at the database left its mark and
     * told nobody.
     */
    public function areUnderWay(): bool
    {
        if ($this->committing === []) {
            return false;
        }

        $calls = array_column(debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS, self::FRAMES), 'function');

        return in_array('executeCallbacks', $calls, true);
    }

    private function begun(ConnectionEvent $event): void
    {
        unset($this->committing[$event->connectionName]);

        // What is left of this level was rolled back unheard, by a deadlock or a lost connection.
        $this->forget($event->connectionName, $event->connection->transactionLevel() - 1);
    }

    private function rolledBack(ConnectionEvent $event): void
    {
        unset($this->committing[$event->connectionName]);
        $this->forget($event->connectionName, $event->connection->transactionLevel());
    }

    private function forget(string $connection, int $level): void
    {
        foreach ($this->of($connection) as $number => $waiting) {
            if ($waiting->level > $level) {
                unset($this->waiting[$number]);
            }
        }
    }

    private function beginsToCommit(ConnectionEvent $event): void
    {
        $this->committing[$event->connectionName] = true;
    }

    private function committed(ConnectionEvent $event): void
    {
        $level = $event->connection->transactionLevel();
        $isDone = $level === 0;

        foreach ($this->of($event->connectionName) as $number => $waiting) {
            $waiting->level = min($waiting->level, $level);

            if ($level <= $waiting->base) {
                $isDone = true;
                $this->run($number, $waiting);
            }
        }

        if ($isDone) {
            unset($this->committing[$event->connectionName]);
        }

        if ($this->committing === []) {
            $this->flushing->release();
        }
    }

    /**
     * @return array<int, Waiting>
     */
    private function of(string $connection): array
    {
        return $this->waiting === []
            ? []
            : array_filter($this->waiting, static fn (Waiting $waiting): bool => $waiting->connection === $connection);
    }
}
