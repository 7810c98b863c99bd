<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

use RuntimeException;

/**
 * fake-relay.php in a process of its own, and what it has seen.
 */
final class FakeRelay
{
    private const READ_SECONDS = 30;

    /** @var resource */
    private mixed $process;

    /** @var array<int, resource> */
    private array $pipes;

    private string $partial = '';

    private function __construct(public readonly string $path)
    {
        $command = [PHP_BINARY, '-n', __DIR__ . '/fake-relay.php', $path, 'app', 'secret'];
        $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes);
        $this->process = is_resource($process) ? $process : throw new RuntimeException('php could not be started');
        $this->pipes = $pipes;

        if ($this->line() !== 'ready') {
            throw new RuntimeException('the recording relay did not start');
        }
    }

    public static function start(string $path): self
    {
        return new self($path);
    }

    public function dsn(): string
    {
        return "unix:{$this->path}";
    }

    /**
     * Everything that was acknowledged and not returned before.
     *
     * @return list<array{bus: string, id: string, except: string|null, channel: string, event: string, data: string}>
     */
    public function take(): array
    {
        fwrite($this->pipes[0], "sync\n");
        $messages = [];

        while (($line = $this->line()) !== 'sync') {
            $messages[] = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
        }

        return $messages;
    }

    /**
     * It takes nothing until resume().
     */
    public function pause(): void
    {
        posix_kill(proc_get_status($this->process)['pid'], SIGSTOP);
    }

    public function resume(): void
    {
        posix_kill(proc_get_status($this->process)['pid'], SIGCONT);
    }

    public function stop(): void
    {
        foreach ($this->pipes as $pipe) {
            fclose($pipe);
        }

        proc_close($this->process);
        @unlink($this->path);
    }

    private function line(): string
    {
        while (($end = strpos($this->partial, "\n")) === false) {
            $read = [$this->pipes[1]];
            $none = null;

            if (stream_select($read, $none, $none, self::READ_SECONDS) !== 1) {
                throw new RuntimeException('the recording relay does not answer');
            }

            $bytes = fread($this->pipes[1], 65536);

            if ($bytes === '' || $bytes === false) {
                throw new RuntimeException('the recording relay ended');
            }

            $this->partial .= $bytes;
        }

        $line = substr($this->partial, 0, $end);
        $this->partial = substr($this->partial, $end + 1);

        return $line;
    }
}
