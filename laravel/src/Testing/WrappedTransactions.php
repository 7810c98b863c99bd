<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Testing;

use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Database\DatabaseManager;
use Illuminate\Database\DatabaseTransactionRecord;
use Illuminate\Database\DatabaseTransactionsManager;
use Illuminate\Database\Events\TransactionCommitted;
use Illuminate\Support\Collection;

/**
 * For Laravel 8, where what waits for a commit never runs inside the transaction that
 * RefreshDatabase wraps around a test: transactions that are open when this is installed count as
 * wrappers, as in later versions.
 */
final class WrappedTransactions extends DatabaseTransactionsManager
{
    /** @var Collection<int, DatabaseTransactionRecord> Laravel 8's own property */
    protected $transactions;

    /** @var array<string, int> levels of the wrappers by connection */
    private array $wrapped = [];

    public static function install(Application $app): void
    {
        $old = $app->bound('db.transactions') ? $app->make('db.transactions') : null;

        if (! $old instanceof DatabaseTransactionsManager || self::knowsWrappers($old)) {
            return;
        }

        $new = new self();
        $new->transactions = self::of($old);
        $app->instance('db.transactions', $new);
        /** @var DatabaseManager $database */
        $database = $app->make('db');

        foreach ($database->getConnections() as $connection) {
            $connection->setTransactionManager($new);
            $new->wrapped[(string) $connection->getName()] = $connection->transactionLevel();
        }

        /** @var Dispatcher $events */
        $events = $app->make('events');
        $events->listen(TransactionCommitted::class, static function (TransactionCommitted $event) use ($new): void {
            $new->settle((string) $event->connectionName, $event->connection->transactionLevel());
        });
    }

    /**
     * This class, too, has the method of later versions.
     */
    private static function knowsWrappers(object $manager, string $method = 'callbackApplicableTransactions'): bool
    {
        return method_exists($manager, $method);
    }

    /**
     * @return Collection<int, DatabaseTransactionRecord>
     */
    private static function of(DatabaseTransactionsManager $manager): Collection
    {
        /** @var Collection<int, DatabaseTransactionRecord> $transactions */
        $transactions = method_exists($manager, 'getTransactions') ? $manager->getTransactions() : new Collection();

        return $transactions;
    }

    /**
     * As later versions name it.
     *
     * @return Collection<int, DatabaseTransactionRecord>
     */
    public function callbackApplicableTransactions(): Collection
    {
        return $this->transactions->reject(fn (DatabaseTransactionRecord $record): bool => $this->isWrapper($record))->values();
    }

    public function addCallback($callback)
    {
        $current = $this->callbackApplicableTransactions()->last();

        if ($current !== null) {
            $current->addCallback($callback);

            return;
        }

        $callback();
    }

    /**
     * The connection is back in its wrapper: what the test's own transactions hold runs.
     */
    private function settle(string $connection, int $level): void
    {
        if ($level > ($this->wrapped[$connection] ?? 0)) {
            return;
        }

        $isDone = fn (DatabaseTransactionRecord $record): bool => $record->connection === $connection
            && ! $this->isWrapper($record);
        $done = $this->transactions->filter($isDone);
        $this->transactions = $this->transactions->reject($isDone)->values();

        foreach ($done as $record) {
            $record->executeCallbacks();
        }
    }

    private function isWrapper(DatabaseTransactionRecord $record): bool
    {
        return $record->level <= ($this->wrapped[(string) $record->connection] ?? 0);
    }
}
