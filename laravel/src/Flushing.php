<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use InvalidArgumentException;

/**
 * When what is published leaves: the manager knows the event, the broadcasters ask. Held back is what
 * is published while a transaction is being committed, until release() lets it go in one write.
 */
final class Flushing
{
    public const NOW = 'now';

    public const RESPONSE = 'response';

    private string $mode = self::NOW;

    private bool $holds = false;

    /** @var array<int, ClaironBroadcaster> those that published something since */
    private array $held = [];

    /**
     * The word of an event or of the configuration, checked.
     *
     * @return self::NOW|self::RESPONSE
     */
    public static function word(mixed $word, string $whose): string
    {
        return match ($word) {
            null, self::NOW => self::NOW,
            self::RESPONSE => self::RESPONSE,
            default => throw new InvalidArgumentException("{$whose} must be \"now\" or \"response\"."),
        };
    }

    /**
     * For one event; leave() takes what this returns.
     *
     * @param self::NOW|self::RESPONSE $mode
     * @param bool $holds whether its transaction is being committed
     *
     * @return array{string, bool}
     */
    public function enter(string $mode, bool $holds): array
    {
        $before = [$this->mode, $this->holds];
        $this->mode = $mode;
        $this->holds = $holds;

        return $before;
    }

    /**
     * @param array{string, bool} $before
     */
    public function leave(array $before): void
    {
        [$this->mode, $this->holds] = $before;
    }

    /**
     * What the extension is told; null: at once.
     *
     * @return self::RESPONSE|null
     */
    public function modeFor(ClaironBroadcaster $broadcaster): ?string
    {
        if ($this->mode === self::RESPONSE) {
            return self::RESPONSE;
        }

        if (! $this->holds) {
            return null;
        }

        $this->held[spl_object_id($broadcaster)] = $broadcaster;

        return self::RESPONSE;
    }

    public function release(): void
    {
        $held = $this->held;
        $this->held = [];

        foreach ($held as $broadcaster) {
            $broadcaster->flush(0);
        }
    }
}
