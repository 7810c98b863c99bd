<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * What the figures were measured on.
 */
final class Machine
{
    /**
     * @return array<string, string|int>
     */
    public static function data(Bench $bench): array
    {
        preg_match('/^model name\s*:\s*(.+)$/m', (string) file_get_contents('/proc/cpuinfo'), $model);
        $version = (string) shell_exec(escapeshellarg($bench->relay) . ' --version 2>/dev/null');

        return [
            'cpu' => trim($model[1] ?? php_uname('m')),
            'cores' => (int) shell_exec('nproc'),
            'kernel' => php_uname('r'),
            'php' => PHP_VERSION,
            'relay' => trim(strtok($version, "\n") ?: ''),
            'commit' => trim((string) shell_exec('git -C ' . escapeshellarg($bench->root) . ' rev-parse --short HEAD 2>/dev/null')),
            'date' => gmdate('Y-m-d'),
        ];
    }

    public static function line(Bench $bench): string
    {
        $data = self::data($bench);

        return "{$data['cpu']}, {$data['cores']} cores, Linux {$data['kernel']}, PHP {$data['php']}, {$data['relay']}, commit {$data['commit']}";
    }
}
