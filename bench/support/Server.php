<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * What is measured: a process, and where it is reached.
 */
final class Server
{
    public function __construct(
        public readonly Child $process,
        public readonly int $port,
        public readonly string $socket = '',
        public readonly int $tlsPort = 0,
    ) {
    }
}
