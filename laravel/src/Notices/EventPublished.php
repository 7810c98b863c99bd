<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Notices;

/**
 * A broadcast was handed over. Made only while somebody listens for it.
 */
final class EventPublished
{
    /**
     * @param string|null $connection name in config/broadcasting.php
     * @param list<string> $channels
     * @param string $event the name for browsers
     * @param int $bytes length of its data as JSON
     * @param int $nanoseconds that handing it over took
     * @param string $result "sent", or "pending": it waits in the outbox or the spool
     */
    public function __construct(
        public readonly ?string $connection,
        public readonly array $channels,
        public readonly string $event,
        public readonly int $bytes,
        public readonly int $nanoseconds,
        public readonly string $result
    ) {
    }
}
