<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Testing;

/**
 * One event that would have gone to browsers.
 */
final class RecordedBroadcast
{
    /**
     * @param list<string> $channels as browsers name them: "private-orders.1"
     * @param string $name what browsers listen for: broadcastAs(), else the event's class
     * @param mixed $data as browsers get it, read back from its JSON
     * @param string|null $except the socket that doesn't get it (toOthers())
     * @param object|null $event the application's event; null for broadcasts that have none
     */
    public function __construct(
        public readonly array $channels,
        public readonly string $name,
        public readonly mixed $data,
        public readonly ?string $except,
        public readonly ?object $event
    ) {
    }

    /**
     * Whether it is this: the event's class (not a parent, as in Event::assertDispatched()) or its name
     * for browsers.
     */
    public function is(string $event): bool
    {
        $event = ltrim($event, '\\');

        return $this->name === $event || ($this->event !== null && get_class($this->event) === $event);
    }

    /**
     * Whether it went to this channel; "orders.1" stands for "private-orders.1" and so on, too.
     */
    public function isOn(string $channel): bool
    {
        foreach ($this->channels as $name) {
            if ($name === $channel || preg_replace('/\A(private-encrypted|private|presence)-/', '', $name) === $channel) {
                return true;
            }
        }

        return false;
    }

    public function describe(): string
    {
        $class = $this->event === null || get_class($this->event) === $this->name ? '' : ' (' . get_class($this->event) . ')';
        $json = (string) json_encode($this->data, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR);

        return "[{$this->name}]{$class} on " . implode(', ', $this->channels) . ': '
            . (strlen($json) > 200 ? mb_strcut($json, 0, 197) . '...' : $json);
    }
}
