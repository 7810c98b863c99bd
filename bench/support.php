<?php

// SPDX-License-Identifier: MIT
//
// What the benchmarks share: child processes that end with the script, cores, scratch folder, a relay
// of their own, and how figures are written.

declare(strict_types=1);

const APP = 'bench';
const KEY = 'bench-key';
const SECRET = 'bench-secret';

function stop(string $sentence): never
{
    fwrite(STDERR, "bench: $sentence\n");
    exit(1);
}

/** A child process with its input and output as pipes; ended when this script ends. */
final class Child
{
    public readonly int $pid;

    public function __construct(public readonly mixed $process, private readonly array $pipes)
    {
        $this->pid = proc_get_status($process)['pid'];
    }

    /** The next line of its output; ends the script if there is none. */
    public function line(): string
    {
        $line = fgets($this->pipes[1]);

        return $line === false ? stop('a program ended before its time; its words are above') : trim($line);
    }

    public function say(string $line): void
    {
        fwrite($this->pipes[0], "$line\n");
    }

    /** @return array<string, int> what the answer of the load tool says, name by name */
    public function ask(string $line): array
    {
        $this->say($line);

        return $this->answer();
    }

    /** @return array<string, int> */
    public function answer(): array
    {
        preg_match_all('/(\w+)=(-?\d+)/', $this->line(), $words);

        return array_combine($words[1], array_map('intval', $words[2]));
    }
}

/** Starts a program that ends with this script. */
function start(string $command, mixed $errors = STDERR): Child
{
    $process = proc_open("exec $command", [['pipe', 'r'], ['pipe', 'w'], $errors], $streams) ?: stop("can't start $command");
    register_shutdown_function(static function () use ($process): void {
        proc_terminate($process);
        proc_close($process);
    });

    return new Child($process, $streams);
}

/** A folder that is gone when this script ends; make it before anything is started. */
function scratch(): string
{
    $directory = sys_get_temp_dir() . '/clairon-bench-' . getmypid();
    mkdir($directory, 0700);
    register_shutdown_function(static function () use ($directory): void {
        // Behind the functions that end the programs, which were registered later.
        register_shutdown_function(static fn () => exec('rm -rf ' . escapeshellarg($directory)));
    });
    if (function_exists('pcntl_async_signals')) { // Ctrl-C ends the children too
        pcntl_async_signals(true);
        pcntl_signal(SIGINT, static fn () => exit(130));
    }

    return $directory;
}

/** @return array{int, string, string} how many, and the words that keep a program on the server's or the client's */
function cores(): array
{
    $cores = (int) trim((string) shell_exec('nproc'));

    return $cores > 1 ? [$cores, 'taskset -c 0', 'taskset -c 1'] : [$cores, '', ''];
}

/** @return array{Child, int, string} a relay, its port, its socket */
function start_relay(string $relay, string $directory, string $name): array
{
    [, $pin_server] = cores();
    [$socket, $log] = ["$directory/$name.sock", "$directory/$name.log"];
    $options = "--workers 1 --listen 127.0.0.1:0 --ingest unix:$socket --app " . APP . ':' . KEY . ':' . SECRET;
    $child = start("$pin_server " . escapeshellarg($relay) . " $options", ['file', $log, 'w']);
    while (!preg_match('/event=listening address=127\.0\.0\.1:(\d+).*event=ready/s', file_get_contents($log), $match)) {
        proc_get_status($child->process)['running'] || stop("the relay did not start:\n" . file_get_contents($log));
        usleep(10000);
    }

    return [$child, (int) $match[1], $socket];
}

function median(array $values): float
{
    sort($values);

    return $values[intdiv(count($values), 2)];
}

function progress(string $words): void
{
    fwrite(STDERR, "    $words\n");
}

function cpu_model(): string
{
    preg_match('/^model name\s*:\s*(.+)$/m', (string) file_get_contents('/proc/cpuinfo'), $match);

    return trim($match[1] ?? php_uname('m'));
}

function micro(float $ns): string
{
    return sprintf($ns < 10000 ? '%.2f µs' : '%.0f µs', $ns / 1000);
}

function row(string ...$cells): void
{
    echo '| ', implode(' | ', $cells), " |\n";
}
