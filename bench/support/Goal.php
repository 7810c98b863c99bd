<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * What a figure is held against: the ratio to its reference, or the figure itself in its unit.
 */
final class Goal
{
    private function __construct(
        public readonly bool $isOfRatio,
        public readonly float $bound,
        private readonly bool $isLower,
    ) {
    }

    /**
     * The figure is at most so many times its reference.
     */
    public static function ratio(float $most): self
    {
        return new self(true, $most, false);
    }

    /**
     * The figure is at least so many times its reference.
     */
    public static function ratioOver(float $least): self
    {
        return new self(true, $least, true);
    }

    /**
     * The figure is at most this, in its own unit.
     */
    public static function most(float $most): self
    {
        return new self(false, $most, false);
    }

    public function isMet(float $value): bool
    {
        return $this->isLower ? $value >= $this->bound : $value <= $this->bound;
    }

    public function text(string $unit): string
    {
        $bound = $this->isOfRatio ? sprintf('%sx', $this->bound + 0) : Figure::write($this->bound, $unit);

        return ($this->isLower ? '>= ' : '<= ') . $bound;
    }
}
