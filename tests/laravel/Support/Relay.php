<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

/**
 * clairon-relay itself, with the application "app". Ends with this object.
 */
final class Relay
{
    private function __construct(public readonly Program $program, public readonly int $port)
    {
    }

    /**
     * @param string $socket path for publishers
     * @param list<string> $arguments more of them
     */
    public static function start(string $socket, array $arguments = [], int $port = 0, string $key = 'key'): self
    {
        $program = Program::start(
            [Program::relay(), '--listen', "127.0.0.1:{$port}", '--ingest', "unix:{$socket}", '--workers', '1', ...$arguments],
            ['CLAIRON_APP_ID' => 'app', 'CLAIRON_APP_KEY' => $key, 'CLAIRON_APP_SECRET' => 'secret']
        );

        return new self($program, (int) $program->waitFor('/127\.0\.0\.1:([1-9]\d*)/')[1]);
    }

    public function kill(): void
    {
        $this->program->process->signal(SIGKILL);
        $this->program->waitForEnd();
    }
}
