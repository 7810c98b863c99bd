<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Illuminate\Broadcasting\BroadcastException;

/**
 * The outbox was full and the event is lost. $inARow counts the losses of one outage, from 1 on.
 */
final class EventDroppedException extends BroadcastException
{
    public function __construct(string $message, public readonly int $inARow)
    {
        parent::__construct($message);
    }
}
