<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Closure;
use Illuminate\Broadcasting\BroadcastException;

/**
 * Counts the events that one connection dropped in a row, so that an outage is reported twice (its
 * first loss, the number at its end) and not once an event.
 *
 * Under php-fpm this object lives for one request; the extension counts for the process, and
 * resume() takes the count over.
 */
final class Outage
{
    private int $dropped = 0;

    /**
     * @param Closure(BroadcastException): void $report gets the number at the end
     */
    public function __construct(private readonly Closure $report)
    {
    }

    public function resume(int $dropped): void
    {
        $this->dropped = $dropped;
    }

    /**
     * @return int the number of events lost in this outage, this one included
     */
    public function drop(): int
    {
        return ++$this->dropped;
    }

    public function end(): void
    {
        if ($this->dropped === 0) {
            return;
        }

        $lost = $this->dropped;
        $this->dropped = 0;

        ($this->report)(new BroadcastException(
            "Clairon: events are accepted again; {$lost} were dropped by this process meanwhile."
        ));
    }
}
