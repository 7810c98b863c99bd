<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Closure;

/**
 * One broadcast that waits for a commit.
 */
final class Waiting
{
    /**
     * @param string $connection of the database
     * @param int $level of the transaction that decides about it: an outer one once the inner was committed
     * @param int $base the level at which all is committed
     * @param Closure(bool): void $run
     */
    public function __construct(
        public readonly string $connection,
        public int $level,
        public readonly int $base,
        public readonly Closure $run
    ) {
    }
}
