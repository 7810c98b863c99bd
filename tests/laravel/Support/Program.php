<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

use PHPUnit\Framework\Assert;
use Symfony\Component\Process\InputStream;
use Symfony\Component\Process\Process;

/**
 * A program of the tests' application that runs beside the test. Ends with this object.
 */
final class Program
{
    private const WAIT_SECONDS = 90;

    private int $read = 0;

    private function __construct(public readonly Process $process, public readonly InputStream $input)
    {
        $process->setInput($input);
        $process->setTimeout(null);
        $process->start();
    }

    public function __destruct()
    {
        $this->input->close();

        if ($this->process->isRunning()) {
            $this->process->stop(5);
        }
    }

    /**
     * @param list<string> $command
     * @param array<string, string|false> $environment
     */
    public static function start(array $command, array $environment = [], ?string $folder = null): self
    {
        return new self(new Process($command, $folder, $environment), new InputStream());
    }

    /**
     * php artisan ...
     *
     * @param list<string> $words
     * @param array<string, string|false> $environment
     */
    public static function artisan(Folder $app, array $words, array $environment = []): self
    {
        return self::start([...self::php(), "{$app->path}/artisan", ...$words], $environment, $app->path);
    }

    /**
     * PHP with the extension.
     *
     * @return list<string>
     */
    public static function php(): array
    {
        return [PHP_BINARY, '-d', 'extension=' . getenv('EXTENSION'), '-d', 'clairon.log_errors=0'];
    }

    public static function relay(): string
    {
        return (string) getenv('RELAY');
    }

    public function output(): string
    {
        return $this->process->getOutput() . $this->process->getErrorOutput();
    }

    /**
     * Waits until the output matches; gives the match.
     *
     * @return array<int|string, string>
     */
    public function waitFor(string $pattern): array
    {
        $end = microtime(true) + self::WAIT_SECONDS;

        do {
            if (preg_match($pattern, $this->output(), $match) === 1) {
                return $match;
            }

            $isRunning = $this->process->isRunning();
            usleep(5000);
        } while ($isRunning && microtime(true) < $end);

        Assert::fail("{$pattern} did not come; output so far:\n" . $this->output());
    }

    /**
     * The next line of standard output.
     */
    public function line(): string
    {
        $end = microtime(true) + self::WAIT_SECONDS;

        while (($at = strpos($this->process->getOutput(), "\n", $this->read)) === false) {
            if (! $this->process->isRunning() || microtime(true) > $end) {
                Assert::fail("no further line; output so far:\n" . substr($this->output(), -4000));
            }

            usleep(5000);
        }

        $line = substr($this->process->getOutput(), $this->read, $at - $this->read);
        $this->read = $at + 1;

        return $line;
    }

    public function waitForEnd(): int
    {
        $end = microtime(true) + self::WAIT_SECONDS;

        while ($this->process->isRunning()) {
            if (microtime(true) > $end) {
                Assert::fail("it does not end; output so far:\n" . $this->output());
            }

            usleep(5000);
        }

        return (int) $this->process->getExitCode();
    }
}
