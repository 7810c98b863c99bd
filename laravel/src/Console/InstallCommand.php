<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Console;

use Clairon\Laravel\Install\ChannelsStep;
use Clairon\Laravel\Install\ConfigStep;
use Clairon\Laravel\Install\EchoStep;
use Clairon\Laravel\Install\EnvironmentStep;
use Clairon\Laravel\Install\Journal;
use Clairon\Laravel\UnavailableException;
use Illuminate\Console\Command;
use Illuminate\Foundation\Application;

/**
 * Writes what an application needs to broadcast with Clairon, and only what is missing.
 */
final class InstallCommand extends Command
{
    protected $signature = 'clairon:install';

    protected $description = 'Set this application up to broadcast with Clairon';

    public function handle(): int
    {
        $journal = new Journal();
        /** @var Application $app */
        $app = $this->laravel;

        foreach ([new EnvironmentStep(), new ConfigStep(), new ChannelsStep(), new EchoStep()] as $step) {
            try {
                $step->run($app, $journal);
            } catch (UnavailableException $e) {
                $journal->failed[] = $e->getMessage();
            }
        }

        $this->tell($journal);

        return $journal->failed === [] ? self::SUCCESS : self::FAILURE;
    }

    private function tell(Journal $journal): void
    {
        $this->section('Done:', $journal->done);
        $this->section('Left alone:', $journal->kept);
        $this->section('For you to do:', $journal->advice);

        foreach ($journal->failed as $sentence) {
            $this->error($sentence);
        }

        if ($journal->done === [] && $journal->failed === []) {
            $this->line('Nothing to do: this application is set up for Clairon.');
        } elseif ($journal->failed === []) {
            $this->line('Start the relay with "php artisan clairon:start".');
        }
    }

    /**
     * @param list<string> $lines
     */
    private function section(string $title, array $lines): void
    {
        if ($lines === []) {
            return;
        }

        $this->line($title);

        foreach ($lines as $line) {
            $this->line("  - {$line}");
        }
    }
}
