<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\Folder;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Bootstrap\HandleExceptions;
use PHPUnit\Framework\Attributes\TestWith;
use PHPUnit\Framework\TestCase as PlainTestCase;

/**
 * Point 49: clairon:install.
 */
final class InstallTest extends PlainTestCase
{
    private const ENV = <<<'ENV'
# The application
APP_NAME="My app" # its name

BROADCAST_CONNECTION=log # nothing yet
QUEUE_CONNECTION=database

ENV;

    private const FRAMEWORK = __DIR__ . '/vendor/laravel/framework';

    private Folder $folder;

    private string $output = '';

    /** @var array<string, string> */
    private array $environment;

    protected function setUp(): void
    {
        $this->environment = getenv();
        putenv('COMPOSER_VENDOR_DIR=' . __DIR__ . '/vendor');
        $_ENV['COMPOSER_VENDOR_DIR'] = $_SERVER['COMPOSER_VENDOR_DIR'] = __DIR__ . '/vendor';
        $this->make([]);
    }

    protected function tearDown(): void
    {
        HandleExceptions::flushState($this);
        unset($this->folder);

        // What Laravel loaded from .env.
        foreach (array_keys(array_diff_key(getenv(), $this->environment)) as $name) {
            putenv($name);
            unset($_ENV[$name], $_SERVER[$name]);
        }

        Application::setInstance(null);
    }

    /**
     * @param array<string, string> $files
     */
    private function make(array $files): void
    {
        $this->folder = AppFolder::make($files + [
            '.env' => self::ENV,
            '.env.example' => self::ENV,
            'package.json' => '{"devDependencies": {"vite": "^6.0"}}',
            'resources/js/app.js' => "import './bootstrap';\n",
            'resources/js/bootstrap.js' => "import axios from 'axios';\nwindow.axios = axios;\n",
        ]);
    }

    private function install(): int
    {
        $app = require "{$this->folder->path}/bootstrap/app.php";
        $kernel = $app->make(Kernel::class);
        $code = $kernel->call('clairon:install');
        $this->output = $kernel->output();

        return $code;
    }

    /**
     * @return array<string, string>
     */
    private function env(string $name = '.env'): array
    {
        preg_match_all('/^(\w+)=(.*?)\r?$/m', $this->folder->read($name), $match);

        return array_combine($match[1], $match[2]);
    }

    public function test_49_a_new_application_is_set_up(): void
    {
        self::assertSame(0, $this->install(), $this->output);

        $env = $this->env();
        self::assertSame('clairon # nothing yet', $env['BROADCAST_CONNECTION']);
        self::assertMatchesRegularExpression('/\A\d{6}\z/', $env['CLAIRON_APP_ID']);
        self::assertMatchesRegularExpression('/\A[0-9a-f]{20}\z/', $env['CLAIRON_APP_KEY']);
        self::assertMatchesRegularExpression('/\A[0-9a-f]{32}\z/', $env['CLAIRON_APP_SECRET']);
        self::assertSame(['localhost', '6001', 'http'], [$env['CLAIRON_HOST'], $env['CLAIRON_PORT'], $env['CLAIRON_SCHEME']]);
        self::assertSame('"${CLAIRON_APP_KEY}"', $env['VITE_CLAIRON_APP_KEY']);
        self::assertSame('"${CLAIRON_PORT}"', $env['VITE_CLAIRON_PORT']);
        self::assertStringStartsWith("# The application\nAPP_NAME=\"My app\" # its name\n\n", $this->folder->read('.env'));
        self::assertFileEquals(__DIR__ . '/../../laravel/config/clairon.php', "{$this->folder->path}/config/clairon.php");
        self::assertFileEquals(__DIR__ . '/../../laravel/resources/echo.js', "{$this->folder->path}/resources/js/echo.js");
        self::assertMatchesRegularExpression('/httpHost: .*VITE_CLAIRON_HOST,\s+httpPort: .*VITE_CLAIRON_PORT.*\s+httpsPort: .*VITE_CLAIRON_PORT/', $this->folder->read('resources/js/echo.js'));
        self::assertStringNotContainsString('enabledTransports', $this->folder->read('resources/js/echo.js'), 'the HTTP fallbacks are allowed');
        self::assertStringEndsWith("window.axios = axios;\n\nimport './echo';\n", $this->folder->read('resources/js/bootstrap.js'));
        self::assertStringContainsString('App.Models.User.{id}', $this->folder->read('routes/channels.php'));
        self::assertStringContainsString('npm install --save-dev laravel-echo pusher-js', $this->output);
    }

    public function test_49_the_example_gets_no_secrets(): void
    {
        $this->install();

        $env = $this->env('.env.example');
        self::assertSame('clairon # nothing yet', $env['BROADCAST_CONNECTION']);
        self::assertSame(['', '', ''], [$env['CLAIRON_APP_ID'], $env['CLAIRON_APP_KEY'], $env['CLAIRON_APP_SECRET']]);
        self::assertSame('6001', $env['CLAIRON_PORT']);
    }

    public function test_49_the_application_then_boots_with_its_channels(): void
    {
        $this->install();
        $app = require "{$this->folder->path}/bootstrap/app.php";
        $kernel = $app->make(Kernel::class);
        $kernel->call('channel:list');

        self::assertStringContainsString('App.Models.User.{id}', $kernel->output());
        self::assertSame('clairon', $app['config']['broadcasting.connections.clairon.driver']);
    }

    public function test_49_a_second_run_changes_nothing_and_says_so(): void
    {
        $this->install();
        self::assertStringContainsString('Done:', $this->output);
        $before = $this->folder->files();

        self::assertSame(0, $this->install());
        self::assertSame($before, $this->folder->files());
        self::assertStringContainsString('Nothing to do', $this->output);
        self::assertStringNotContainsString('Done:', $this->output);
    }

    public function test_49_windows_line_ends_stay(): void
    {
        $files = ['.env', '.env.example', 'bootstrap/app.php', 'resources/js/bootstrap.js'];

        foreach ($files as $name) {
            $this->folder->write($name, str_replace("\n", "\r\n", $this->folder->read($name)));
        }

        $this->folder->write('config/broadcasting.php', str_replace("\n", "\r\n", $this->stockConfig()));
        self::assertSame(0, $this->install(), $this->output);

        foreach ([...$files, 'config/broadcasting.php'] as $name) {
            self::assertDoesNotMatchRegularExpression('/(?<!\r)\n/', $this->folder->read($name), $name);
        }

        $before = $this->folder->files();
        $this->install();
        self::assertSame($before, $this->folder->files());
    }

    #[TestWith(["BROADCAST_DRIVER=log\n", ['BROADCAST_DRIVER' => 'clairon']])]
    #[TestWith(["BROADCAST_DRIVER=log\nBROADCAST_CONNECTION=\"pusher\"\n", ['BROADCAST_DRIVER' => 'clairon', 'BROADCAST_CONNECTION' => 'clairon']])]
    #[TestWith(["APP_NAME=x", ['APP_NAME' => 'x', 'BROADCAST_CONNECTION' => 'clairon']])]
    #[TestWith(["# BROADCAST_CONNECTION=log\n", ['BROADCAST_CONNECTION' => 'clairon']])]
    #[TestWith(["BROADCAST_CONNECTION=\n", ['BROADCAST_CONNECTION' => 'clairon']])]
    #[TestWith(['', ['BROADCAST_CONNECTION' => 'clairon']])]
    public function test_49_whichever_name_exists_is_set(string $env, array $expected): void
    {
        $this->folder->write('.env', $env);
        $this->install();

        self::assertSame($expected, array_intersect_key($this->env(), $expected));
        self::assertCount(count($expected) + 10, $this->env());
    }

    public function test_49_the_name_that_an_upgraded_application_reads_is_used(): void
    {
        $this->make(['.env' => "APP_NAME=x\n", 'config/broadcasting.php' => "<?php\nreturn ['default' => env('BROADCAST_DRIVER', 'null'), 'connections' => []];\n"]);
        $this->install();

        self::assertSame('clairon', $this->env()['BROADCAST_DRIVER']);
        self::assertArrayNotHasKey('BROADCAST_CONNECTION', $this->env());
    }

    public function test_49_values_that_are_there_stay_and_empty_ones_are_filled(): void
    {
        $this->folder->write('.env', "CLAIRON_APP_ID=mine\nCLAIRON_APP_SECRET=  # to come\nCLAIRON_PORT=443\nCLAIRON_HOST=\"\"\n");
        $this->install();

        $env = $this->env();
        self::assertSame('mine', $env['CLAIRON_APP_ID']);
        self::assertMatchesRegularExpression('/\A[0-9a-f]{32}  # to come\z/', $env['CLAIRON_APP_SECRET']);
        self::assertSame('443', $env['CLAIRON_PORT']);
        self::assertSame('localhost', $env['CLAIRON_HOST']);
    }

    public function test_49_the_connection_is_added_to_the_file_that_is_there(): void
    {
        $this->folder->write('config/broadcasting.php', $this->stockConfig());
        $this->install();

        $config = require "{$this->folder->path}/config/broadcasting.php";
        self::assertSame(['driver' => 'clairon'], $config['connections']['clairon']);
        self::assertSame(['clairon', 'reverb', 'pusher', 'ably', 'log', 'null'], array_keys($config['connections']));
        self::assertStringContainsString('| Broadcast Connections', $this->folder->read('config/broadcasting.php'));
    }

    public function test_49_a_config_without_a_list_of_connections_is_left_alone(): void
    {
        $this->folder->write('config/broadcasting.php', $text = "<?php\n\nreturn require __DIR__.'/elsewhere.php';\n");
        $this->folder->write('config/elsewhere.php', "<?php\n\nreturn ['default' => 'clairon', 'connections' => []];\n");
        self::assertSame(0, $this->install());

        self::assertSame($text, $this->folder->read('config/broadcasting.php'));
        self::assertStringContainsString('list of connections was not found', $this->output);
    }

    #[TestWith(["->withRouting(\n        // channels: __DIR__.'/../routes/channels.php',\n        health: '/up',\n    )"])]
    #[TestWith(["->withRouting(\n        commands: __DIR__.'/../routes/console.php',\n        health: '/up',\n    )"])]
    #[TestWith(["->withRouting(health: '/up')"])]
    #[TestWith(["->withRouting()"])]
    public function test_49_channels_are_registered(string $routing): void
    {
        $this->folder->write('bootstrap/app.php', $this->bootstrap($routing));
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame(1, preg_match_all("~^[^/\n]*channels: __DIR__\.'/\.\./routes/channels\.php'~m", $this->folder->read('bootstrap/app.php')));
        $this->assertBoots();
    }

    #[TestWith(["->withRouting(channels: __DIR__.'/../routes/channels.php')"])]
    #[TestWith(["->withRouting(health: '/up')->withBroadcasting(__DIR__.'/../routes/channels.php')"])]
    public function test_49_channels_that_are_registered_are_left_alone(string $routing): void
    {
        $this->folder->write('bootstrap/app.php', $text = $this->bootstrap($routing));
        $this->folder->write('routes/channels.php', $channels = "<?php\n\n// mine\n");
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame($text, $this->folder->read('bootstrap/app.php'));
        self::assertSame($channels, $this->folder->read('routes/channels.php'));
    }

    public function test_49_a_bootstrap_without_routing_needs_a_person(): void
    {
        $this->folder->write('bootstrap/app.php', $text = $this->bootstrap(''));
        self::assertSame(1, $this->install());

        self::assertSame($text, $this->folder->read('bootstrap/app.php'));
        self::assertStringContainsString('withBroadcasting', $this->output);
    }

    public function test_49_the_provider_of_older_skeletons_is_enabled(): void
    {
        $old = <<<'PHP'
<?php

$app = new Illuminate\Foundation\Application(dirname(__DIR__));
$app->singleton(Illuminate\Contracts\Console\Kernel::class, Illuminate\Foundation\Console\Kernel::class);
$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, Illuminate\Foundation\Exceptions\Handler::class);

return $app;
PHP;
        $config = "<?php\n\nreturn ['providers' => [\n        // App\\Providers\\BroadcastServiceProvider::class,\n    ] + Illuminate\\Support\\ServiceProvider::defaultProviders()->toArray()];\n";
        $this->make(['bootstrap/app.php' => $old, 'config/app.php' => $config]);
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame(
            str_replace('// App', 'App', $config),
            $this->folder->read('config/app.php')
        );
    }

    public function test_49_an_unchanged_echo_of_laravel_is_replaced(): void
    {
        $stub = (string) file_get_contents(self::FRAMEWORK . '/src/Illuminate/Foundation/Console/stubs/echo-js-reverb.stub');
        $this->folder->write('resources/js/echo.js', $stub);
        $this->install();

        self::assertStringContainsString('VITE_CLAIRON_APP_KEY', $this->folder->read('resources/js/echo.js'));
        self::assertStringNotContainsString('VITE_REVERB', $this->folder->read('resources/js/echo.js'));
    }

    public function test_49_an_echo_of_ones_own_is_left_alone_with_advice(): void
    {
        $this->folder->write('resources/js/echo.js', $own = "// mine\nwindow.Echo = null;\n");
        self::assertSame(0, $this->install());

        self::assertSame($own, $this->folder->read('resources/js/echo.js'));
        self::assertStringContainsString('Let resources/js/echo.js read', $this->output);
    }

    public function test_49_the_import_goes_where_there_is_a_file_and_only_once(): void
    {
        unlink("{$this->folder->path}/resources/js/bootstrap.js");
        $this->folder->write('resources/js/app.js', "// import './echo';\nimport './other'");
        $this->install();
        self::assertSame("// import './echo';\nimport './other'\n\nimport './echo';\n", $this->folder->read('resources/js/app.js'));

        $this->folder->write('resources/js/app.js', $has = "import \"./echo.js\";\n");
        $this->install();
        self::assertSame($has, $this->folder->read('resources/js/app.js'));
    }

    public function test_49_an_application_without_javascript_gets_none(): void
    {
        $this->folder = AppFolder::make(['.env' => self::ENV]);
        self::assertSame(0, $this->install(), $this->output);

        self::assertFileDoesNotExist("{$this->folder->path}/resources/js/echo.js");
    }

    public function test_49_without_env_it_says_what_to_do(): void
    {
        unlink("{$this->folder->path}/.env");
        self::assertSame(1, $this->install());
        self::assertStringContainsString('copy .env.example to it', $this->output);
    }

    #[TestWith(['.env'])]
    #[TestWith(['bootstrap/app.php'])]
    #[TestWith(['resources/js/bootstrap.js'])]
    public function test_49_a_file_that_cant_be_written_is_a_sentence_and_not_zero(string $name): void
    {
        $this->make(['routes/channels.php' => "<?php\n"]);
        $this->makeWritableForAll();
        chmod("{$this->folder->path}/{$name}", 0444);
        $before = $this->folder->read($name);
        $code = $this->asNobody(fn () => $this->install());

        self::assertSame(1, $code);
        self::assertSame($before, $this->folder->read($name));
        self::assertStringContainsString("{$name} can't be written: check its permissions", $this->output);
    }

    public function test_49_a_folder_that_cant_be_written_is_a_sentence_and_not_zero(): void
    {
        $this->makeWritableForAll();
        chmod("{$this->folder->path}/routes", 0555);
        $code = $this->asNobody(fn () => $this->install());
        chmod("{$this->folder->path}/routes", 0755); // so that the folder can be removed

        self::assertSame(1, $code);
        self::assertStringContainsString("routes/channels.php can't be written", $this->output);
    }

    private function makeWritableForAll(): void
    {
        $inside = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($this->folder->path, \FilesystemIterator::SKIP_DOTS),
            \RecursiveIteratorIterator::SELF_FIRST
        );
        chmod($this->folder->path, 0777);

        foreach ($inside as $file) {
            chmod((string) $file, $file->isDir() ? 0777 : 0666);
        }
    }

    /**
     * root may write everything; permissions count for others.
     */
    private function asNobody(callable $work): int
    {
        $isRoot = posix_geteuid() === 0;
        $isRoot && posix_seteuid(65534);

        try {
            return $work();
        } finally {
            $isRoot && posix_seteuid(0);
        }
    }

    private function stockConfig(): string
    {
        return (string) file_get_contents(self::FRAMEWORK . '/config/broadcasting.php');
    }

    private function bootstrap(string $routing): string
    {
        return "<?php\n\nreturn Illuminate\\Foundation\\Application::configure(basePath: dirname(__DIR__))\n    {$routing}\n    ->withMiddleware()\n    ->withExceptions()\n    ->create();\n";
    }

    private function assertBoots(): void
    {
        $app = require "{$this->folder->path}/bootstrap/app.php";
        $app->make(Kernel::class)->bootstrap();
        self::assertNotNull($app['router']->getRoutes()->match(\Illuminate\Http\Request::create('/broadcasting/auth', 'POST')));
    }
}
