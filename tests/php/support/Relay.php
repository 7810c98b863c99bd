<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Tests\Php\Support;

use RuntimeException;

/**
 * A relay of its own on a port that the kernel chooses; ends with the program, or by stop().
 */
final class Relay
{
    public const ID = 'app1';
    public const KEY = 'key1';
    public const SECRET = 'secret1';

    private const WAIT_SECONDS = 20;

    public readonly int $port;

    /** Of the relay; the environment's WORKERS, else 1. */
    public readonly int $workers;

    /** @var resource */
    private $process;

    private readonly string $folder;

    /**
     * @param list<string> $args
     */
    public function __construct(array $args = [])
    {
        $this->folder = sys_get_temp_dir() . '/clairon-php-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0700);
        $this->workers = (int) (getenv('WORKERS') ?: 1);
        $app = self::ID . ':' . self::KEY . ':' . self::SECRET;
        $command = [
            (string) getenv('RELAY'), '--listen', '127.0.0.1:0', '--ingest', "unix:{$this->folder}/relay.sock",
            '--app', $app, '--workers', (string) $this->workers, '--drain-timeout-ms', '200', ...$args,
        ];
        $pipes = [];
        $process = proc_open($command, [1 => ['file', $this->log(), 'a'], 2 => ['file', $this->log(), 'a']], $pipes);
        if ($process === false) {
            throw new RuntimeException('The relay could not be started.');
        }
        $this->process = $process;
        $this->port = (int) $this->logged('/event=listening address=127\.0\.0\.1:(\d+)/');
        $this->logged('/event=(ready)/');
        register_shutdown_function($this->stop(...));
    }

    /**
     * Waits for a line of the log; gives the pattern's first group.
     */
    public function logged(string $pattern): string
    {
        $end = microtime(true) + self::WAIT_SECONDS;
        while (microtime(true) < $end) {
            if (preg_match($pattern, (string) file_get_contents($this->log()), $found) === 1) {
                return $found[1];
            }
            usleep(5000);
        }
        throw new RuntimeException("The relay did not say {$pattern}:\n" . file_get_contents($this->log()));
    }

    public function stop(): void
    {
        if (!is_resource($this->process)) {
            return;
        }
        proc_terminate($this->process);
        proc_close($this->process);
        array_map(unlink(...), glob("{$this->folder}/*") ?: []);
        rmdir($this->folder);
    }

    private function log(): string
    {
        return "{$this->folder}/log";
    }
}
