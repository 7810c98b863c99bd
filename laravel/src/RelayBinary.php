<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Symfony\Component\Process\Exception\ExceptionInterface;
use Symfony\Component\Process\ExecutableFinder;
use Symfony\Component\Process\Process;

/**
 * Finds clairon-relay and makes sure that it fits the extension: both speak one format, whose
 * versions go with the release.
 */
final class RelayBinary
{
    private const NAME = 'clairon-relay';

    private const ANSWER_SECONDS = 5;

    /**
     * @param string|null $configured clairon.relay.path
     *
     * @throws UnavailableException with the cure
     */
    public function find(?string $configured): string
    {
        $path = $configured === null || $configured === '' ? $this->search() : $configured;

        if (! is_file($path)) {
            throw new UnavailableException("There is no relay at {$path}: correct CLAIRON_RELAY in .env.");
        }

        if (! is_executable($path)) {
            throw new UnavailableException("{$path} is not executable: run \"chmod +x {$path}\".");
        }

        $this->checkVersion($path, phpversion('clairon') ?: null);

        return $path;
    }

    /**
     * pecl and make install put the relay beside the php that the extension was built for.
     */
    private function search(): string
    {
        $beside = PHP_BINDIR . '/' . self::NAME;

        if (is_executable($beside)) {
            return $beside;
        }

        return (new ExecutableFinder())->find(self::NAME) ?? throw new UnavailableException(
            'clairon-relay is neither in ' . PHP_BINDIR . ' nor on the PATH: run "pecl install clairon", '
            . 'which installs it with the extension, or set CLAIRON_RELAY in .env to its path.'
        );
    }

    /**
     * @param string|null $wanted null: the extension isn't loaded in this PHP; php-fpm's may be
     */
    private function checkVersion(string $path, ?string $wanted): void
    {
        try {
            $process = new Process([$path, '--version'], timeout: self::ANSWER_SECONDS);
            $process->run();
            $output = $process->getOutput();
        } catch (ExceptionInterface $e) {
            throw new UnavailableException("{$path} could not be asked for its version: {$e->getMessage()}", 0, $e);
        }

        if (preg_match('/\Aclairon-relay (\d+\.\d+\.\d+\S*)/', $output, $match) !== 1) {
            throw new UnavailableException(
                "{$path} does not answer --version as clairon-relay does: set CLAIRON_RELAY in .env to the relay."
            );
        }

        if ($wanted !== null && $match[1] !== $wanted) {
            throw new UnavailableException(
                "{$path} is version {$match[1]}, the extension is {$wanted}: install both from one release, "
                . 'or set CLAIRON_RELAY in .env to the other relay.'
            );
        }
    }
}
