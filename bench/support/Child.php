<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * A program with its input and output as pipes. Bench starts them and ends them with their subject.
 */
final class Child
{
    /** What a program has for ending by itself. */
    private const PATIENCE_S = 10;
    private const KILL = 9; // SIGKILL has that name only with pcntl

    public readonly int $pid;

    /** @var resource */
    private readonly mixed $process;

    /** @var array<int, resource> */
    private array $pipes = [];

    /**
     * @param string $log where its errors go; "": to ours
     */
    public function __construct(private readonly string $command, string $log = '')
    {
        $errors = $log === '' ? [] : [2 => ['file', $log, 'w']];
        $process = proc_open("exec $command", [['pipe', 'r'], ['pipe', 'w']] + $errors, $this->pipes);
        $this->process = $process ?: throw new Problem("can't start $command");
        $this->pid = proc_get_status($this->process)['pid'];
    }

    /**
     * The next line of its output.
     */
    public function line(): string
    {
        $line = fgets($this->pipes[1]);

        return $line === false ? throw new Problem('a program ended before its time: ' . $this->command) : trim($line);
    }

    public function say(string $line): void
    {
        fwrite($this->pipes[0], "$line\n");
    }

    /**
     * What the load tool answers to a command, name by name; times in nanoseconds.
     *
     * @return array<string, int>
     */
    public function ask(string $line): array
    {
        $this->say($line);

        return $this->answer();
    }

    /**
     * @return array<string, int>
     */
    public function answer(): array
    {
        preg_match_all('/(\w+)=(-?\d+)/', $this->line(), $words);

        return array_combine($words[1], array_map('intval', $words[2]));
    }

    /**
     * CPU of all its threads, user and system, in nanoseconds.
     */
    public function cpu(): int
    {
        $sum = 0;
        foreach (glob("/proc/$this->pid/task/*/schedstat") ?: throw new Problem('this kernel has no schedstat') as $file) {
            $sum += (int) explode(' ', (string) file_get_contents($file))[0];
        }

        return $sum;
    }

    /**
     * Its private memory in bytes (RssAnon).
     */
    public function memory(): int
    {
        preg_match('/^RssAnon:\s+(\d+) kB/m', (string) file_get_contents("/proc/$this->pid/status"), $match);

        return (int) ($match[1] ?? 0) * 1024;
    }

    public function isRunning(): bool
    {
        return proc_get_status($this->process)['running'];
    }

    public function end(): void
    {
        array_map(fclose(...), array_filter($this->pipes, is_resource(...)));
        $this->pipes = [];
        proc_terminate($this->process);
        for ($left = self::PATIENCE_S * 100; $left > 0 && $this->isRunning(); $left--) {
            usleep(10000);
        }
        proc_terminate($this->process, self::KILL);
        proc_close($this->process);
    }
}
