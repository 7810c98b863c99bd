<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * The table of one subject as it grows.
 */
final class Report
{
    private const HEAD = ['measured', 'Clairon', 'beside', 'ratio', 'goal', ''];

    /** @var list<Figure> */
    private array $figures = [];

    /** @var list<string> */
    private array $notes = [];

    /**
     * A figure by itself, the value of each run.
     *
     * @param float|list<float> $runs
     */
    public function figure(string $what, float|array $runs, string $unit, ?Goal $goal = null, string $note = ''): void
    {
        $this->figures[] = new Figure($what, (array) $runs, [], $unit, $goal, '', $note);
    }

    /**
     * A figure beside its reference, the values of each run.
     *
     * @param float|list<float> $ours
     * @param float|list<float> $reference
     */
    public function compare(
        string $what,
        float|array $ours,
        float|array $reference,
        string $unit,
        ?Goal $goal = null,
        string $beside = '',
        string $note = '',
    ): void {
        $this->figures[] = new Figure($what, (array) $ours, (array) $reference, $unit, $goal, $beside, $note);
    }

    /**
     * A sentence below the table.
     */
    public function note(string $sentence): void
    {
        $this->notes[] = $sentence;
    }

    public function markdown(): string
    {
        $rows = array_map(static fn (Figure $figure): array => $figure->cells(), $this->figures);
        $lines = $rows === [] ? [] : array_map(
            static fn (array $cells): string => '| ' . implode(' | ', $cells) . ' |',
            [self::HEAD, array_fill(0, count(self::HEAD), '---'), ...$rows],
        );
        $notes = array_map(static fn (string $note): string => "\n$note", $this->notes);

        return implode("\n", [...$lines, ...$notes]) . "\n";
    }

    /**
     * @return array<string, mixed>
     */
    public function data(): array
    {
        return ['figures' => array_map(static fn (Figure $figure): array => $figure->data(), $this->figures), 'notes' => $this->notes];
    }
}
