<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Console;

use Clairon\Laravel\Doctor\Check;
use Clairon\Laravel\Doctor\ConnectionCheck;
use Clairon\Laravel\Doctor\DispatcherCheck;
use Clairon\Laravel\Doctor\ExtensionCheck;
use Clairon\Laravel\Doctor\Finding;
use Clairon\Laravel\Doctor\FrontEndCheck;
use Clairon\Laravel\Doctor\IngestCheck;
use Clairon\Laravel\Doctor\LaravelCheck;
use Clairon\Laravel\Doctor\MessageCheck;
use Clairon\Laravel\Doctor\SpoolCheck;
use Clairon\Laravel\Doctor\Subject;
use Clairon\Laravel\UnavailableException;
use Illuminate\Console\Command;
use Illuminate\Foundation\Application;
use Symfony\Component\Console\Formatter\OutputFormatter;
use Throwable;

/**
 * Finds the wrong setting, and proves one message from the broadcaster to a WebSocket.
 */
final class DoctorCommand extends Command
{
    use ChoosesConnection;

    private const STYLES = [
        Finding::OK => 'info',
        Finding::NOTE => 'comment',
        Finding::PROBLEM => 'error',
        Finding::SKIPPED => 'comment',
    ];

    protected $signature = 'clairon:doctor
        {--json : Print one JSON object}
        {--hints : Look for code that asks for Laravel\'s own dispatcher, also while clairon.dispatcher is not "native"}
        {--timeout=5 : How long each step may take, in seconds}
        {--connection= : Broadcasting connection to examine}';

    protected $description = 'Find what is set wrong and send one message end to end';

    /** @var list<Finding> */
    private array $findings = [];

    public function handle(): int
    {
        $seconds = filter_var($this->option('timeout'), FILTER_VALIDATE_FLOAT);

        if ($seconds === false || $seconds <= 0 || $seconds > 600) {
            $this->error('--timeout takes seconds: more than 0, up to 600.');

            return self::FAILURE;
        }

        try {
            $config = $this->connectionConfig();
        } catch (UnavailableException $e) {
            $this->add(Finding::problem('Settings', $e->getMessage(), 'Add one, or name another with --connection.'));

            return $this->conclude();
        }

        /** @var Application $app */
        $app = $this->laravel;
        $subject = new Subject($app, $this->connectionName(), $config);

        foreach ($this->checks($seconds) as $check) {
            try {
                foreach ($check->findings($subject) as $finding) {
                    $this->add($finding);
                }
            } catch (Throwable $e) {
                $this->add(Finding::problem(
                    class_basename($check),
                    'This look failed: ' . get_class($e) . ": {$e->getMessage()}",
                    'Cure that first; the other findings hold.'
                ));
            }
        }

        return $this->conclude();
    }

    /**
     * @return list<Check>
     */
    private function checks(float $seconds): array
    {
        return [
            ExtensionCheck::make(),
            new ConnectionCheck(),
            new LaravelCheck(),
            new DispatcherCheck((bool) $this->option('hints'), $this->showProgress(...)),
            new FrontEndCheck(),
            new SpoolCheck(),
            new IngestCheck($seconds, phpversion('clairon') ?: null),
            new MessageCheck($seconds),
        ];
    }

    private function showProgress(string $part): void
    {
        if ($this->option('json') || ! $this->output->isDecorated()) {
            return;
        }

        // One line that is written over and over, and erased at the end.
        $this->output->write("\r\x1b[K" . ($part === '' ? '' : '           scanning ' . OutputFormatter::escape($part)));
    }

    private function add(Finding $finding): void
    {
        $this->findings[] = $finding;

        if ($this->option('json')) {
            return;
        }

        $style = self::STYLES[$finding->level];
        $time = $finding->milliseconds === null ? '' : sprintf('  %.2f ms', $finding->milliseconds);
        $this->line(sprintf(
            "  <%s>%s</%s>%s  %s%s",
            $style,
            $finding->level,
            $style,
            str_repeat(' ', 8 - strlen($finding->level)),
            OutputFormatter::escape(str_pad($finding->about, 12) . self::printable($finding->text)),
            $time
        ));

        if ($finding->advice !== '') {
            $this->line(str_repeat(' ', 24) . '-> ' . OutputFormatter::escape(self::printable($finding->advice)));
        }
    }

    private function conclude(): int
    {
        $count = fn (string $level): int => count(array_filter($this->findings, static fn (Finding $f): bool => $f->level === $level));
        $problems = $count(Finding::PROBLEM);
        $isProved = array_filter($this->findings, static fn (Finding $f): bool => str_ends_with($f->text, ': received')) !== [];

        if ($this->option('json')) {
            $this->line(OutputFormatter::escape((string) json_encode(
                ['ok' => $problems === 0, 'delivered' => $isProved, 'findings' => $this->findings],
                JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE
            )));
        } else {
            $this->line('');
            $this->line(($problems === 0 ? 'No problem' : ($problems === 1 ? '1 problem' : "{$problems} problems"))
                . ($count(Finding::NOTE) > 0 ? ', ' . $count(Finding::NOTE) . ' to note' : '')
                . '. ' . ($isProved ? 'A message went the whole way.' : 'No message went the whole way.'));
        }

        return $problems === 0 ? self::SUCCESS : self::FAILURE;
    }

    private static function printable(string $text): string
    {
        return (string) preg_replace('/[\x00-\x1f\x7f]+/', ' ', $text);
    }
}
