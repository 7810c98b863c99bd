<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Testing;

use Illuminate\Contracts\Foundation\Application;
use Illuminate\Database\Connection;
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
    /** @var array<string, int> levels of the wrappers by connection */
    private array $wrapped = [];

    public static function install(Application $app): void
    {
        if (method_exists(DatabaseTransactionsManager::class, 'callbackApplicableTransactions') || ! $app->bound('db.transactions')) {
            return;
        }

        $old = $app->make('db.transactions');

        if ($old instanceof self || ! $old instanceof DatabaseTransactionsManager) {
            return;
        }

        $new = new self();
        $new->transactions = $old->transactions;
        $app->instance('db.transactions', $new);

        /** @var Connection $connection */
        foreach ($app->make('db')->getConnections() as $connection) {
            $connection->setTransactionManager($new);
            $new->wrapped[(string) $connection->getName()] = $connection->transactionLevel();
        }

        $app->make('events')->listen(TransactionCommitted::class, static function (TransactionCommitted $event) use ($new): void {
            $new->settle((string) $event->connectionName, $event->connection->transactionLevel());
        });
    }

    public function addCallback($callback)
    {
        $current = $this->transactions->last(fn (DatabaseTransactionRecord $record): bool => ! $this->isWrapper($record));

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
        /** @var Collection<int, DatabaseTransactionRecord> $done */
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
