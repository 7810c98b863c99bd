<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

/**
 * One thing that was looked at. A problem makes the command fail; a note may be meant so.
 */
final class Finding
{
    public const OK = 'ok';

    public const NOTE = 'note';

    public const PROBLEM = 'problem';

    public const SKIPPED = 'skipped';

    /**
     * @param string $advice what to do next, a sentence; empty where there is nothing to do
     * @param float|null $milliseconds that a hop of the message took
     */
    private function __construct(
        public readonly string $level,
        public readonly string $about,
        public readonly string $text,
        public readonly string $advice = '',
        public readonly ?float $milliseconds = null
    ) {
    }

    public static function ok(string $about, string $text): self
    {
        return new self(self::OK, $about, $text);
    }

    public static function hop(string $text, float $milliseconds): self
    {
        return new self(self::OK, 'Message', $text, '', $milliseconds);
    }

    public static function note(string $about, string $text, string $advice = ''): self
    {
        return new self(self::NOTE, $about, $text, $advice);
    }

    public static function problem(string $about, string $text, string $advice): self
    {
        return new self(self::PROBLEM, $about, $text, $advice);
    }

    public static function skipped(string $about, string $text, string $advice = ''): self
    {
        return new self(self::SKIPPED, $about, $text, $advice);
    }
}
