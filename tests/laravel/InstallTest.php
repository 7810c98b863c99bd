<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Handlers;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Console\ChannelListCommand;
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

DRIVER=log # nothing yet
QUEUE_CONNECTION=database

ENV;

    private Folder $folder;

    private string $output = '';

    /** @var array<string, string> */
    private array $environment;

    private Handlers $handlers;

    protected function setUp(): void
    {
        $this->environment = getenv();
        $this->handlers = new Handlers();
        $this->make([]);
    }

    protected function tearDown(): void
    {
        $this->handlers->restore();
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
            '.env' => self::dotenv(),
            '.env.example' => self::dotenv(),
            'package.json' => '{"devDependencies": {"vite": "^6.0"}}',
            'resources/js/app.js' => "import './bootstrap';\n",
            'resources/js/bootstrap.js' => "import axios from 'axios';\nwindow.axios = axios;\n",
        ], channels: false);
    }

    private static function dotenv(): string
    {
        return str_replace('DRIVER', AppFolder::driverVariable(), self::ENV);
    }

    /**
     * The file that registers routes/channels.php.
     */
    private static function registry(): string
    {
        return AppFolder::isStreamlined() ? 'bootstrap/app.php' : 'config/app.php';
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

    public function test_point_49_a_new_application_is_set_up(): void
    {
        self::assertSame(0, $this->install(), $this->output);

        $env = $this->env();
        self::assertSame('clairon # nothing yet', $env[AppFolder::driverVariable()]);
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

    public function test_point_49_the_example_gets_no_secrets(): void
    {
        $this->install();

        $env = $this->env('.env.example');
        self::assertSame('clairon # nothing yet', $env[AppFolder::driverVariable()]);
        self::assertSame(['', '', ''], [$env['CLAIRON_APP_ID'], $env['CLAIRON_APP_KEY'], $env['CLAIRON_APP_SECRET']]);
        self::assertSame('6001', $env['CLAIRON_PORT']);
    }

    public function test_point_49_the_application_then_boots_with_its_channels(): void
    {
        $this->install();
        $app = require "{$this->folder->path}/bootstrap/app.php";
        $kernel = $app->make(Kernel::class);
        $kernel->bootstrap();

        self::assertSame('clairon', $app['config']['broadcasting.connections.clairon.driver']);
        self::assertContains('broadcasting/auth', array_map(static fn ($route) => $route->uri(), $app['router']->getRoutes()->getRoutes()));

        // Laravel 10.2 and later.
        if (class_exists(ChannelListCommand::class)) {
            $kernel->call('channel:list');
            self::assertStringContainsString('App.Models.User.{id}', $kernel->output());
        }
    }

    public function test_point_49_a_second_run_changes_nothing_and_says_so(): void
    {
        $this->install();
        self::assertStringContainsString('Done:', $this->output);
        $before = $this->sources();

        self::assertSame(0, $this->install());
        self::assertSame($before, $this->sources());
        self::assertStringContainsString('Nothing to do', $this->output);
        self::assertStringNotContainsString('Done:', $this->output);
    }

    public function test_point_49_windows_line_ends_stay(): void
    {
        $files = ['.env', '.env.example', self::registry(), 'resources/js/bootstrap.js'];

        foreach ($files as $name) {
            $this->folder->write($name, str_replace("\n", "\r\n", $this->folder->read($name)));
        }

        $this->folder->write('config/broadcasting.php', str_replace("\n", "\r\n", $this->stockConfig()));
        self::assertSame(0, $this->install(), $this->output);

        foreach ([...$files, 'config/broadcasting.php'] as $name) {
            self::assertDoesNotMatchRegularExpression('/(?<!\r)\n/', $this->folder->read($name), $name);
        }

        $before = $this->sources();
        $this->install();
        self::assertSame($before, $this->sources());
    }

    #[TestWith(["BROADCAST_DRIVER=log\n", ['BROADCAST_DRIVER' => 'clairon']])]
    #[TestWith(["BROADCAST_DRIVER=log\nBROADCAST_CONNECTION=\"pusher\"\n", ['BROADCAST_DRIVER' => 'clairon', 'BROADCAST_CONNECTION' => 'clairon']])]
    #[TestWith(["APP_NAME=x", ['APP_NAME' => 'x', 'OWN' => 'clairon']])]
    #[TestWith(["# OWN=log\n", ['OWN' => 'clairon']])]
    #[TestWith(["BROADCAST_CONNECTION=\n", ['BROADCAST_CONNECTION' => 'clairon']])]
    #[TestWith(['', ['OWN' => 'clairon']])]
    public function test_point_49_whichever_name_exists_is_set(string $env, array $expected): void
    {
        // OWN: the name that this version of Laravel uses.
        $expected = array_combine(str_replace('OWN', AppFolder::driverVariable(), array_keys($expected)), $expected);
        $this->folder->write('.env', str_replace('OWN', AppFolder::driverVariable(), $env));
        $this->install();

        self::assertSame($expected, array_intersect_key($this->env(), $expected));
        self::assertCount(count($expected) + 10, $this->env());
    }

    public function test_point_49_the_name_that_an_upgraded_application_reads_is_used(): void
    {
        $this->make(['.env' => "APP_NAME=x\n", 'config/broadcasting.php' => "<?php\nreturn ['default' => env('BROADCAST_DRIVER', 'null'), 'connections' => []];\n"]);
        $this->install();

        self::assertSame('clairon', $this->env()['BROADCAST_DRIVER']);
        self::assertArrayNotHasKey('BROADCAST_CONNECTION', $this->env());
    }

    public function test_point_49_values_that_are_there_stay_and_empty_ones_are_filled(): void
    {
        $this->folder->write('.env', "CLAIRON_APP_ID=mine\nCLAIRON_APP_SECRET=  # to come\nCLAIRON_PORT=443\nCLAIRON_HOST=\"\"\n");
        $this->install();

        $env = $this->env();
        self::assertSame('mine', $env['CLAIRON_APP_ID']);
        self::assertMatchesRegularExpression('/\A[0-9a-f]{32}  # to come\z/', $env['CLAIRON_APP_SECRET']);
        self::assertSame('443', $env['CLAIRON_PORT']);
        self::assertSame('localhost', $env['CLAIRON_HOST']);
    }

    public function test_point_49_the_connection_is_added_to_the_file_that_is_there(): void
    {
        $this->folder->write('config/broadcasting.php', $this->stockConfig());
        $this->install();

        $config = require "{$this->folder->path}/config/broadcasting.php";
        self::assertSame(['driver' => 'clairon'], $config['connections']['clairon']);
        self::assertSame('clairon', array_key_first($config['connections']));
        self::assertSame([], array_diff(['pusher', 'ably', 'log', 'null'], array_keys($config['connections'])));
        self::assertStringContainsString('| Broadcast Connections', $this->folder->read('config/broadcasting.php'));
    }

    public function test_point_49_a_config_without_a_list_of_connections_is_left_alone(): void
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
    public function test_point_49_channels_are_registered(string $routing): void
    {
        if (! AppFolder::isStreamlined()) {
            self::assertSame(0, $this->install(), $this->output);
            self::assertStringContainsString("\n        App\\Providers\\BroadcastServiceProvider::class,", $this->folder->read('config/app.php'));
            $this->assertBoots();

            return;
        }

        $this->folder->write('bootstrap/app.php', $this->bootstrap($routing));
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame(1, preg_match_all("~^[^/\n]*channels: __DIR__\.'/\.\./routes/channels\.php'~m", $this->folder->read('bootstrap/app.php')));
        $this->assertBoots();
    }

    #[TestWith(["->withRouting(channels: __DIR__.'/../routes/channels.php')"])]
    #[TestWith(["->withRouting(health: '/up')->withBroadcasting(__DIR__.'/../routes/channels.php')"])]
    public function test_point_49_channels_that_are_registered_are_left_alone(string $routing): void
    {
        if (AppFolder::isStreamlined()) {
            $this->folder->write('bootstrap/app.php', $this->bootstrap($routing));
        } else {
            $this->folder = AppFolder::make(['.env' => self::dotenv()]);
        }

        $text = $this->folder->read(self::registry());
        $this->folder->write('routes/channels.php', $channels = "<?php\n\n// mine\n");
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame($text, $this->folder->read(self::registry()));
        self::assertSame($channels, $this->folder->read('routes/channels.php'));
    }

    public function test_point_49_a_bootstrap_without_routing_needs_a_person(): void
    {
        $text = AppFolder::isStreamlined()
            ? $this->bootstrap('')
            : str_replace('// App\Providers\BroadcastServiceProvider::class,', '', $this->folder->read('config/app.php'));
        $this->folder->write(self::registry(), $text);
        self::assertSame(1, $this->install());

        self::assertSame($text, $this->folder->read(self::registry()));
        self::assertStringContainsString(AppFolder::isStreamlined() ? 'withBroadcasting' : 'call Broadcast::routes()', $this->output);
    }

    public function test_point_49_the_provider_of_older_skeletons_is_enabled(): void
    {
        $old = <<<'PHP'
<?php

$app = new Illuminate\Foundation\Application(dirname(__DIR__));
$app->singleton(Illuminate\Contracts\Console\Kernel::class, Illuminate\Foundation\Console\Kernel::class);
$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, Illuminate\Foundation\Exceptions\Handler::class);

return $app;
PHP;
        $config = (string) file_get_contents(__DIR__ . '/Skeleton/config/app.php');
        $comment = str_replace('App\Providers\BroadcastServiceProvider', '// App\Providers\BroadcastServiceProvider', $config);
        $this->make(['bootstrap/app.php' => $old, 'config/app.php' => $comment]);
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame($config, $this->folder->read('config/app.php'));
        $this->assertBoots();
    }

    public function test_point_49_an_unchanged_echo_of_laravel_is_replaced(): void
    {
        $stub = @file_get_contents(AppFolder::vendor() . '/laravel/framework/src/Illuminate/Foundation/Console/stubs/echo-js-reverb.stub');

        if ($stub === false) {
            // Laravel 10 and before write none: what is there is the application's own.
            $this->test_point_49_an_echo_of_ones_own_is_left_alone_with_advice();

            return;
        }

        $this->folder->write('resources/js/echo.js', $stub);
        $this->install();

        self::assertStringContainsString('VITE_CLAIRON_APP_KEY', $this->folder->read('resources/js/echo.js'));
        self::assertStringNotContainsString('VITE_REVERB', $this->folder->read('resources/js/echo.js'));
    }

    public function test_point_49_an_echo_of_ones_own_is_left_alone_with_advice(): void
    {
        $this->folder->write('resources/js/echo.js', $own = "// mine\nwindow.Echo = null;\n");
        self::assertSame(0, $this->install());

        self::assertSame($own, $this->folder->read('resources/js/echo.js'));
        self::assertStringContainsString('Let resources/js/echo.js read', $this->output);
    }

    public function test_point_49_an_application_with_mix_gets_its_variables(): void
    {
        $this->make([
            'package.json' => '{"devDependencies": {"laravel-mix": "^6.0.6"}}',
            'resources/js/app.js' => "require('./bootstrap');\n",
            'resources/js/bootstrap.js' => "window._ = require('lodash');\n",
        ]);
        self::assertSame(0, $this->install(), $this->output);

        self::assertSame('"${CLAIRON_APP_KEY}"', $this->env()['MIX_CLAIRON_APP_KEY']);
        self::assertArrayNotHasKey('VITE_CLAIRON_APP_KEY', $this->env());
        self::assertStringContainsString('key: process.env.MIX_CLAIRON_APP_KEY,', $this->folder->read('resources/js/echo.js'));
        self::assertStringNotContainsString('import.meta', $this->folder->read('resources/js/echo.js'));
        self::assertStringEndsWith("require('lodash');\n\nrequire('./echo');\n", $this->folder->read('resources/js/bootstrap.js'));

        $before = $this->sources();
        $this->install();
        self::assertSame($before, $this->sources());
    }

    public function test_point_49_the_import_goes_where_there_is_a_file_and_only_once(): void
    {
        unlink("{$this->folder->path}/resources/js/bootstrap.js");
        $this->folder->write('resources/js/app.js', "// import './echo';\nimport './other'");
        $this->install();
        self::assertSame("// import './echo';\nimport './other'\n\nimport './echo';\n", $this->folder->read('resources/js/app.js'));

        $this->folder->write('resources/js/app.js', $has = "import \"./echo.js\";\n");
        $this->install();
        self::assertSame($has, $this->folder->read('resources/js/app.js'));
    }

    public function test_point_49_an_application_without_javascript_gets_none(): void
    {
        $this->folder = AppFolder::make(['.env' => self::dotenv()], channels: false);
        self::assertSame(0, $this->install(), $this->output);

        self::assertFileDoesNotExist("{$this->folder->path}/resources/js/echo.js");
    }

    public function test_point_49_without_env_it_says_what_to_do(): void
    {
        unlink("{$this->folder->path}/.env");
        self::assertSame(1, $this->install());
        self::assertStringContainsString('copy .env.example to it', $this->output);
    }

    #[TestWith(['.env'])]
    #[TestWith(['REGISTRY'])]
    #[TestWith(['resources/js/bootstrap.js'])]
    public function test_point_49_a_file_that_cant_be_written_is_a_sentence_and_not_zero(string $name): void
    {
        $name = str_replace('REGISTRY', self::registry(), $name);
        $this->make(['routes/channels.php' => "<?php\n"]);
        $this->makeWritableForAll();
        chmod("{$this->folder->path}/{$name}", 0444);
        $before = $this->folder->read($name);
        $code = $this->asNobody(fn () => $this->install());

        self::assertSame(1, $code);
        self::assertSame($before, $this->folder->read($name));
        self::assertStringContainsString("{$name} can't be written: check its permissions", $this->output);
    }

    public function test_point_49_a_folder_that_cant_be_written_is_a_sentence_and_not_zero(): void
    {
        $this->makeWritableForAll();
        chmod("{$this->folder->path}/routes", 0555);
        $code = $this->asNobody(fn () => $this->install());
        chmod("{$this->folder->path}/routes", 0755); // so that the folder can be removed

        self::assertSame(1, $code);
        self::assertStringContainsString("routes/channels.php can't be written", $this->output);
    }

    /**
     * @return array<string, string> all files but those that Laravel writes itself
     */
    private function sources(): array
    {
        return array_filter(
            $this->folder->files(),
            static fn (string $name) => ! str_starts_with($name, 'bootstrap/cache/'),
            ARRAY_FILTER_USE_KEY
        );
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
        $framework = AppFolder::vendor() . '/laravel/framework/config/broadcasting.php';

        return (string) file_get_contents(is_file($framework) ? $framework : __DIR__ . '/Skeleton/config/broadcasting.php');
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
