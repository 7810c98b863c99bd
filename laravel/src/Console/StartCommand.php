<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Console;

use Clairon\Laravel\Connection;
use Clairon\Laravel\RelayBinary;
use Clairon\Laravel\RelayCommand;
use Clairon\Laravel\UnavailableException;
use Dotenv\Dotenv;
use Dotenv\Exception\InvalidFileException;
use Illuminate\Console\Command;
use Illuminate\Foundation\Application;
use Symfony\Component\Process\Process;

/**
 * Runs the relay in the foreground with this application's key and secret. Where PHP can (pcntl),
 * the process becomes the relay; else the relay is a child, its output and exit code are passed on
 * and so are signals.
 */
final class StartCommand extends Command
{
    use ChoosesConnection;

    protected $signature = 'clairon:start
        {--host= : Address to listen on, instead of clairon.relay.host}
        {--port= : Port to listen on, instead of clairon.relay.port; 0 lets the system choose}
        {--workers= : Threads that serve connections}
        {--connection= : Broadcasting connection whose application and DSN are used}
        {--as-child : Run the relay as a child even where PHP could become it}';

    protected $description = 'Start clairon-relay for this application';

    public function handle(): int
    {
        try {
            $config = $this->connectionConfig();
            $path = $this->setting('clairon.relay.path');
            $binary = (new RelayBinary())->find(is_string($path) ? $path : null);
            $relay = new RelayCommand(new Connection($config), $this->settings(), $config);
            /** @var Application $app */
            $app = $this->laravel;
            $environment = $relay->environment($this->variables($app), $app->environmentFilePath());
        } catch (UnavailableException $e) {
            $this->error($e->getMessage());

            return self::FAILURE;
        }

        if (function_exists('pcntl_exec') && ! $this->option('as-child')) {
            return $this->become($binary, $relay->arguments(), $environment);
        }

        return $this->runChild([$binary, ...$relay->arguments()], $environment);
    }

    /**
     * With a cached configuration Laravel does not read .env; what it says of the relay counts all
     * the same.
     *
     * @return array<string, string>
     */
    private function variables(Application $app): array
    {
        if (! $app->configurationIsCached()) {
            return getenv();
        }

        try {
            $file = Dotenv::createArrayBacked($app->environmentPath(), $app->environmentFile())
                ->safeLoad();
        } catch (InvalidFileException $e) {
            throw new UnavailableException(".env can't be read: {$e->getMessage()}", 0, $e);
        }

        $variables = getenv();

        foreach ($file as $name => $value) {
            if ($value !== null && str_starts_with((string) $name, 'CLAIRON_')) {
                $variables += [$name => $value];
            }
        }

        return $variables;
    }

    /**
     * @return array{host: mixed, port: mixed, workers: mixed, config: mixed}
     */
    private function settings(): array
    {
        $config = (array) $this->setting('clairon.relay');

        return [
            'host' => $this->option('host') ?? $config['host'] ?? null,
            'port' => $this->option('port') ?? $config['port'] ?? null,
            'workers' => $this->option('workers') ?? $config['workers'] ?? null,
            'config' => $config['config'] ?? null,
        ];
    }

    /**
     * @param list<string> $arguments
     * @param array<string, string> $environment
     */
    private function become(string $binary, array $arguments, array $environment): int
    {
        // Console commands block nothing themselves, but a mask would be inherited.
        pcntl_sigprocmask(SIG_SETMASK, []);
        @pcntl_exec($binary, $arguments, $environment);

        $this->error("{$binary} could not be started: " . pcntl_strerror(pcntl_get_last_error()) . '.');

        return self::FAILURE;
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment
     */
    private function runChild(array $command, array $environment): int
    {
        // Process adds the parent's variables to these unless they are set to false.
        $hidden = array_fill_keys(array_keys(getenv() + $_ENV + $_SERVER), false);
        $process = new Process($command, null, $environment + $hidden, null, null);

        foreach (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as $name) {
            if (function_exists('pcntl_signal') && defined($name)) {
                pcntl_async_signals(true);
                pcntl_signal(constant($name), static fn (int $signal, mixed $info) => self::pass($process, $signal, $info));
            }
        }

        $process->start(function (string $type, string $text): void {
            fwrite($type === Process::ERR ? STDERR : STDOUT, $text);
        });

        return $process->wait();
    }

    /**
     * What a terminal sends, the child has got as well; a second signal would end it without a drain.
     */
    private static function pass(Process $process, int $signal, mixed $info): void
    {
        if (! defined('SI_KERNEL') || ! is_array($info) || ($info['code'] ?? null) !== SI_KERNEL) {
            $process->signal($signal);
        }
    }
}
