<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Notices;

use Clairon\Laravel\Connection;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Support\Facades\Event;
use Throwable;

/**
 * Tells listeners what became of a broadcast. The dispatcher is asked for each time, through the
 * facade: fakes replace it, and Octane's workers keep broadcasters longer than dispatchers.
 */
final class Notifier
{
    private function __construct(private readonly Dispatcher $events, private readonly int $start)
    {
    }

    /**
     * Null, at the cost of one look, while nobody listens.
     */
    public static function begin(): ?self
    {
        /** @var Dispatcher|null $events null outside of an application */
        $events = Event::getFacadeRoot();

        return $events !== null && $events->hasListeners(EventPublished::class) ? new self($events, hrtime(true)) : null;
    }

    /**
     * @param list<string> $channels
     */
    public function published(Connection $connection, array $channels, string $event, mixed $data, string $result): void
    {
        $nanoseconds = hrtime(true) - $this->start;
        $bytes = strlen((string) json_encode($data));

        $this->events->dispatch(
            new EventPublished($connection->name(), $channels, $event, $bytes, $nanoseconds, $result)
        );
    }

    /**
     * @param list<string> $channels
     */
    public static function failed(Connection $connection, array $channels, string $event, Throwable $e): void
    {
        /** @var Dispatcher|null $events */
        $events = Event::getFacadeRoot();

        if ($events !== null && $events->hasListeners(PublishFailed::class)) {
            $events->dispatch(new PublishFailed($connection->name(), $channels, $event, $e));
        }
    }
}
