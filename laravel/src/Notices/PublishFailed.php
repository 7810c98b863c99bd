<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Notices;

use Throwable;

/**
 * A broadcast could not be handed over: bad data, or dropped at a bound. Made only while somebody
 * listens for it; the exception goes its way afterwards (clairon.on_failure).
 */
final class PublishFailed
{
    /**
     * @param string|null $connection name in config/broadcasting.php
     * @param list<string> $channels
     * @param string $event the name for browsers
     */
    public function __construct(
        public readonly ?string $connection,
        public readonly array $channels,
        public readonly string $event,
        public readonly Throwable $exception
    ) {
    }
}
