<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Program;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\Attributes\TestWith;
use PHPUnit\Framework\TestCase as PlainTestCase;

/**
 * clairon:start, with a script in the relay's place that tells how it was called, and with the relay.
 */
final class StartTest extends PlainTestCase
{
    private const ENV = <<<'ENV'
DB_PASSWORD=the-database-password
CLAIRON_WORKERS=3
MAIL_PASSWORD="the-mail-password"
ENV;

    private Folder $app;

    protected function setUp(): void
    {
        $this->app = AppFolder::make(['.env' => self::ENV]);
    }

    /**
     * A relay of this version that prints its arguments and environment, then what signals it gets.
     */
    private function script(?string $version = null, string $name = 'clairon-relay', int $mode = 0755): string
    {
        $version ??= phpversion('clairon');
        $path = $this->app->write("bin/{$name}", <<<SH
#!/bin/sh
[ "\$1" != --version ] || { echo "clairon-relay {$version}"; exit 0; }
printf 'argument=%s\\n' "\$@"
env
trap 'echo signal=TERM; exit 7' TERM
trap 'echo signal=HUP' HUP
trap 'echo signal=INT; exit 8' INT
echo problem >&2
echo ready pid=\$\$
while :; do sleep 0.05; done
SH);
        chmod($path, $mode);

        return $path;
    }

    /**
     * @param list<string> $words
     * @param array<string, string|false> $environment
     */
    private function start(array $words = [], array $environment = []): Program
    {
        return Program::artisan($this->app, ['clairon:start', ...$words], $environment);
    }

    /**
     * @return iterable<string, array{list<string>}>
     */
    public static function ways(): iterable
    {
        yield 'become the relay' => [[]];
        yield 'run it as a child' => [['--as-child']];
    }

    #[DataProvider('ways')]
    public function test_it_runs_the_relay_with_the_applications_own_secret(array $words): void
    {
        $program = $this->start($words, ['CLAIRON_RELAY' => $this->script()]);
        $program->waitFor('/^ready/m');
        $output = $program->output();

        self::assertSame(
            [
                '--listen', '127.0.0.1:6001', '--ingest', "unix:{$this->app->path}/storage/framework/clairon.sock",
                '--workers', '3', '--spool', "{$this->app->path}/storage/framework/clairon.spool",
            ],
            $this->arguments($output)
        );
        self::assertStringContainsString("\nCLAIRON_APP_ID=app\n", $output);
        self::assertStringContainsString("\nCLAIRON_APP_KEY=key\n", $output);
        self::assertStringContainsString("\nCLAIRON_APP_SECRET=secret\n", $output);
        self::assertStringContainsString("\nPATH=", $output);
        self::assertStringContainsString('problem', $program->process->getErrorOutput());
    }

    #[DataProvider('ways')]
    public function test_passwords_of_the_application_stay_with_it(array $words): void
    {
        $program = $this->start($words, ['CLAIRON_RELAY' => $this->script()]);
        $program->waitFor('/^ready/m');

        self::assertStringNotContainsString('the-database-password', $program->output());
        self::assertStringNotContainsString('the-mail-password', $program->output());
    }

    public function test_a_cached_configuration_changes_nothing(): void
    {
        $this->app->write('.env', self::ENV . "\nCLAIRON_MAX_CONNECTIONS=\"17\"\nCLAIRON_LOG_LEVEL=warn\n");
        $environment = ['CLAIRON_RELAY' => $this->script(), 'CLAIRON_LOG_LEVEL' => 'debug'];
        $cache = Program::artisan($this->app, ['config:cache'], $environment);
        self::assertSame(0, $cache->waitForEnd(), $cache->output());
        $program = $this->start([], $environment);
        $program->waitFor('/^ready/m');
        $output = $program->output();

        self::assertStringContainsString("\nCLAIRON_MAX_CONNECTIONS=17\n", $output);
        self::assertStringContainsString("\nCLAIRON_LOG_LEVEL=debug\n", $output, 'the environment stands over .env');
        self::assertStringNotContainsString('the-database-password', $output);
    }

    #[DataProvider('ways')]
    public function test_signals_reach_the_relay_and_its_exit_code_comes_back(array $words): void
    {
        $program = $this->start($words, ['CLAIRON_RELAY' => $this->script()]);
        $program->waitFor('/^ready/m');
        $program->process->signal(SIGHUP);
        $program->waitFor('/^signal=HUP$/m');
        $program->process->signal(SIGTERM);

        self::assertSame(7, $program->waitForEnd());
        self::assertStringContainsString('signal=TERM', $program->output());
    }

    public function test_the_process_becomes_the_relay(): void
    {
        $program = $this->start([], ['CLAIRON_RELAY' => $this->script()]);

        self::assertSame((string) $program->process->getPid(), $program->waitFor('/^ready pid=(\d+)$/m')[1]);
    }

    public function test_ctrl_c_reaches_a_child_once(): void
    {
        $php = PHP_BINARY;
        $version = phpversion('clairon');
        $relay = $this->app->write('bin/counting-relay', <<<PHP
#!{$php}
<?php
if (in_array('--version', \$argv, true)) {
    exit('clairon-relay {$version}');
}
pcntl_async_signals(true);
pcntl_signal(SIGINT, static fn () => print("signal=INT\n"));
pcntl_signal(SIGTERM, static fn () => exit(0));
echo 'ready parent=', posix_getppid(), "\n";
while (true) {
    usleep(10000);
}
PHP);
        chmod($relay, 0755);
        // script(1) gives it a terminal, which sends what Ctrl-C means to both.
        $command = implode(' ', array_map(escapeshellarg(...), [...Program::php(), 'artisan', 'clairon:start', '--as-child']));
        $program = Program::start(
            ['script', '-qec', "exec {$command}", '/dev/null'],
            ['CLAIRON_RELAY' => $relay],
            $this->app->path
        );
        $parent = (int) $program->waitFor('/^ready parent=(\d+)/m')[1];
        $program->input->write("\x03");
        $program->waitFor('/^(\^C)?signal=INT/m');
        posix_kill($parent, SIGTERM);

        self::assertSame(0, $program->waitForEnd());
        self::assertSame(1, substr_count($program->output(), 'signal=INT'), $program->output());
    }

    public function test_options_stand_over_the_configuration(): void
    {
        $words = ['--host=::1', '--port=7001', '--workers=2'];
        $program = $this->start($words, ['CLAIRON_RELAY' => $this->script(), 'CLAIRON_SERVER_HOST' => '10.0.0.1', 'CLAIRON_RELAY_CONFIG' => '/etc/relay.conf']);
        $program->waitFor('/^ready/m');
        $arguments = $this->arguments($program->output());

        self::assertSame(['--listen', '[::1]:7001'], array_slice($arguments, 0, 2));
        self::assertSame(['--workers', '2', '--config', '/etc/relay.conf'], array_slice($arguments, 4, 4));
    }

    #[TestWith(['redis://user:pa55word@127.0.0.1:6379', '', 'redis://user:pa55word@127.0.0.1:6379'])]
    #[TestWith(['redis://127.0.0.1:6379', 'pa55/word', 'redis://:pa55%2Fword@127.0.0.1:6379'])]
    #[TestWith(['redis+unix:/run/redis.sock', '', 'unix:/run/redis.sock'])]
    public function test_redis_is_told_by_environment_alone(string $dsn, string $password, string $expected): void
    {
        $program = $this->start([], ['CLAIRON_RELAY' => $this->script(), 'CLAIRON_DSN' => $dsn, 'CLAIRON_INGEST_PASSWORD' => $password]);
        $program->waitFor('/^ready/m');
        $output = $program->output();

        self::assertStringContainsString("\nCLAIRON_REDIS={$expected}\n", $output);
        self::assertSame(
            [
                '--listen', '127.0.0.1:6001', '--engine', 'redis', '--workers', '3',
                '--spool', "{$this->app->path}/storage/framework/clairon.spool",
            ],
            $this->arguments($output)
        );
    }

    public function test_without_a_spool_the_relay_is_told_none(): void
    {
        $program = $this->start([], ['CLAIRON_RELAY' => $this->script(), 'CLAIRON_SPOOL' => '']);
        $program->waitFor('/^ready/m');

        self::assertNotContains('--spool', $this->arguments($program->output()));
    }

    public function test_tcp_ingest_and_its_password(): void
    {
        $program = $this->start([], ['CLAIRON_RELAY' => $this->script(), 'CLAIRON_DSN' => 'tcp://127.0.0.1:7000', 'CLAIRON_INGEST_PASSWORD' => 'pa55word']);
        $program->waitFor('/^ready/m');
        $output = $program->output();

        self::assertSame(['--ingest', 'tcp:127.0.0.1:7000'], array_slice($this->arguments($output), 2, 2));
        self::assertStringContainsString("\nCLAIRON_INGEST_PASSWORD=pa55word\n", $output);
        self::assertStringNotContainsString('argument=pa55word', $output);
    }

    public function test_the_path_is_searched(): void
    {
        if (is_executable(PHP_BINDIR . '/clairon-relay')) {
            self::assertTrue(true, 'the one beside PHP comes first');

            return;
        }

        $script = $this->script();
        $program = $this->start([], ['PATH' => dirname($script) . ':' . getenv('PATH')]);
        $program->waitFor('/^ready/m');
        self::assertContains('--listen', $this->arguments($program->output()));
    }

    public function test_another_version_is_refused(): void
    {
        $this->assertRefused(['CLAIRON_RELAY' => $this->script('9.8.7')], 'is version 9.8.7, the extension is ' . phpversion('clairon'));
    }

    public function test_another_program_is_refused(): void
    {
        $this->assertRefused(['CLAIRON_RELAY' => '/bin/true'], 'does not answer --version as clairon-relay does');
    }

    public function test_a_missing_program_is_named(): void
    {
        $this->assertRefused(['CLAIRON_RELAY' => '/nowhere/clairon-relay'], 'There is no relay at /nowhere/clairon-relay');
    }

    public function test_a_program_that_is_not_executable_is_named(): void
    {
        $path = $this->script(mode: 0644);
        $this->assertRefused(['CLAIRON_RELAY' => $path], "run \"chmod +x {$path}\"");
    }

    public function test_no_program_anywhere_says_how_to_install_it(): void
    {
        if (is_executable(PHP_BINDIR . '/clairon-relay')) {
            self::assertTrue(true, 'there is one beside PHP');

            return;
        }

        $this->assertRefused(['PATH' => '/nowhere', 'CLAIRON_RELAY' => ''], 'run "pecl install clairon"');
    }

    public function test_an_incomplete_application_is_named_and_families_are_not_mixed(): void
    {
        $this->assertRefused(
            ['CLAIRON_RELAY' => $this->script(), 'CLAIRON_APP_SECRET' => false, 'REVERB_APP_SECRET' => 'other'],
            'set CLAIRON_APP_SECRET in .env'
        );
    }

    #[TestWith(['REVERB'])]
    #[TestWith(['PUSHER'])]
    public function test_the_names_of_reverb_and_pusher_do(string $family): void
    {
        $program = $this->start([], [
            'CLAIRON_RELAY' => $this->script(), 'CLAIRON_APP_ID' => false, 'CLAIRON_APP_KEY' => false, 'CLAIRON_APP_SECRET' => false,
            "{$family}_APP_ID" => 'their-id', "{$family}_APP_KEY" => 'their-key', "{$family}_APP_SECRET" => 'their-secret',
        ]);
        $program->waitFor('/^ready/m');

        self::assertStringContainsString("\nCLAIRON_APP_ID=their-id\n", $program->output());
        self::assertStringContainsString("\nCLAIRON_APP_SECRET=their-secret\n", $program->output());
    }

    public function test_a_connection_of_another_driver_is_named(): void
    {
        $this->assertRefused([], 'no connection "log" with the driver "clairon"', ['--connection=log']);
    }

    #[DataProvider('ways')]
    public function test_the_real_relay_starts_and_stops(array $words): void
    {
        $program = $this->start(['--port=0', ...$words], ['CLAIRON_RELAY' => Program::relay()]);
        $port = $program->waitFor('/127\.0\.0\.1:([1-9]\d*)/')[1];
        self::assertSame('HTTP/1.1 200 OK', $this->get((int) $port, '/up'));
        self::assertFileExists("{$this->app->path}/storage/framework/clairon.sock");
        $program->process->signal(SIGTERM);

        self::assertSame(0, $program->waitForEnd());
        self::assertStringNotContainsString('secret=secret', $program->output());
    }

    private function get(int $port, string $path): string
    {
        $stream = stream_socket_client("tcp://127.0.0.1:{$port}", timeout: 5);
        fwrite($stream, "GET {$path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");

        return trim((string) fgets($stream));
    }

    /**
     * @return list<string>
     */
    private function arguments(string $output): array
    {
        preg_match_all('/^argument=(.*)$/m', $output, $match);

        return $match[1];
    }

    /**
     * @param array<string, string|false> $environment
     * @param list<string> $words
     */
    private function assertRefused(array $environment, string $sentence, array $words = []): void
    {
        $program = $this->start($words, $environment);
        self::assertSame(1, $program->waitForEnd(), $program->output());
        $plain = (string) preg_replace('/\s+/', ' ', $program->output());
        self::assertStringContainsString($sentence, $plain);
        self::assertStringNotContainsString('ready', $plain);
    }
}
