<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * One row: our figure of each run and, beside it, the reference's of the same run.
 */
final class Figure
{
    /**
     * @param list<float> $ours
     * @param list<float> $reference as many, or none
     * @param string $unit ns, B, % or a word
     */
    public function __construct(
        public readonly string $what,
        public readonly array $ours,
        public readonly array $reference,
        public readonly string $unit,
        public readonly ?Goal $goal,
        public readonly string $beside,
        public readonly string $note,
    ) {
        if ($ours === [] || ($reference !== [] && count($reference) !== count($ours))) {
            throw new Problem("\"$what\": every run needs a figure and its reference");
        }
    }

    /**
     * @param list<float> $values
     */
    public static function median(array $values): float
    {
        sort($values);
        $middle = intdiv(count($values), 2);

        return count($values) % 2 === 1 ? $values[$middle] : ($values[$middle - 1] + $values[$middle]) / 2;
    }

    /**
     * The value that a part of them (0 to 1) does not exceed.
     *
     * @param list<float> $values
     */
    public static function percentile(array $values, float $part): float
    {
        sort($values);

        return $values[(int) min(count($values) - 1, floor(count($values) * $part))];
    }

    public static function write(float $value, string $unit): string
    {
        return match (true) {
            $unit !== 'ns' => trim(self::short($value) . " $unit"),
            abs($value) >= 1e7 => sprintf('%.1f ms', $value / 1e6),
            abs($value) >= 1e4 => sprintf('%.0f µs', $value / 1e3),
            abs($value) >= 1e3 => sprintf('%.2f µs', $value / 1e3),
            default => sprintf('%.0f ns', $value),
        };
    }

    /**
     * Run by run against the reference of the same run.
     *
     * @return list<float>
     */
    public function ratios(): array
    {
        $ratios = [];
        foreach ($this->reference as $run => $other) {
            $ratios[] = $other == 0.0 ? NAN : $this->ours[$run] / $other;
        }

        return $ratios;
    }

    /**
     * Null where there is nothing to judge.
     */
    public function isMet(): ?bool
    {
        return $this->goal?->isMet(self::median($this->goal->isOfRatio ? $this->ratios() : $this->ours));
    }

    /**
     * @return list<string> the cells of its row
     */
    public function cells(): array
    {
        $ratios = $this->ratios();

        return [
            $this->what,
            self::spread($this->ours, fn (float $value): string => self::write($value, $this->unit)),
            $this->reference === [] ? '' : trim("$this->beside " . self::write(self::median($this->reference), $this->unit)),
            $ratios === [] ? '' : self::spread($ratios, static fn (float $ratio): string => sprintf('%.2fx', $ratio)),
            $this->goal === null ? '' : $this->goal->text($this->unit),
            trim($this->judgement() . ($this->note === '' ? '' : " ($this->note)")),
        ];
    }

    /**
     * @return array<string, mixed> for --json, with the value of every run
     */
    public function data(): array
    {
        return [
            'what' => $this->what, 'unit' => $this->unit, 'runs' => $this->ours, 'median' => self::median($this->ours),
            'beside' => $this->beside, 'reference' => $this->reference, 'ratios' => $this->ratios(),
            'ratio' => $this->reference === [] ? null : self::median($this->ratios()),
            'goal' => $this->goal?->text($this->unit), 'met' => $this->isMet(), 'note' => $this->note,
        ];
    }

    private function judgement(): string
    {
        return match ($this->isMet()) {
            true => 'met',
            false => '**missed**',
            null => '',
        };
    }

    private static function short(float $value): string
    {
        return abs($value) >= 100 ? number_format($value) : rtrim(rtrim(sprintf('%.2f', $value), '0'), '.');
    }

    /**
     * @param list<float> $values
     * @param callable(float): string $write
     */
    private static function spread(array $values, callable $write): string
    {
        $median = $write(self::median($values));

        return count($values) === 1 ? $median : sprintf('%s (%s to %s)', $median, $write(min($values)), $write(max($values)));
    }
}
