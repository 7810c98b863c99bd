<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * System calls, counted by strace.
 */
final class Calls
{
    /**
     * Of a PHP helper of bench/ from its start to its end, by name.
     *
     * @return array<string, int>
     */
    public static function ofPhp(Bench $bench, string $script, string $arguments): array
    {
        exec('command -v strace', $found, $status);
        $status === 0 || throw new Problem('strace is missing: apt-get install strace');
        $file = "$bench->scratch/strace";
        exec('strace -c -o ' . escapeshellarg($file) . ' ' . escapeshellarg(PHP_BINARY) . ' -n -d extension=' . escapeshellarg($bench->extension)
            . ' ' . escapeshellarg("$bench->root/bench/$script") . " $arguments 2>&1", $words, $status);
        $status === 0 || throw new Problem("$script under strace: " . implode(' ', $words));

        return self::summary($file);
    }

    /**
     * What strace -c wrote.
     *
     * @return array<string, int>
     */
    public static function summary(string $file): array
    {
        preg_match_all('/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/m', (string) file_get_contents($file), $rows);
        $calls = array_combine($rows[2], array_map(intval(...), $rows[1]));
        unset($calls['total']);

        return $calls ?: throw new Problem('strace wrote no summary: ' . file_get_contents($file));
    }
}
