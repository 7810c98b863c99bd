dnl SPDX-License-Identifier: MIT
dnl
dnl Builds the extension clairon.so from ext/ and wire/ and, in the same make, the relay
dnl clairon-relay (relay/Makefile.frag). Sources are taken by wildcard: a new file needs no edit
dnl here, only phpize and configure again (the relay's not even that).

PHP_ARG_ENABLE([clairon],
  [whether to enable clairon],
  [AS_HELP_STRING([--enable-clairon], [Enable clairon])],
  [yes])

PHP_ARG_ENABLE([clairon-relay],
  [whether to build clairon-relay],
  [AS_HELP_STRING([--disable-clairon-relay], [Build the extension without clairon-relay])],
  [yes],
  [no])

PHP_ARG_ENABLE([clairon-dev],
  [whether to turn warnings into errors in clairon],
  [AS_HELP_STRING([--enable-clairon-dev], [Warnings are errors, for developers of clairon])],
  [no],
  [no])

dnl CLAIRON_NEED(VARIABLE, modules, Debian package): pkg-config or a sentence with the cure.
AC_DEFUN([CLAIRON_NEED], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([clairon needs $2. On Debian and Ubuntu: apt-get install $3 pkg-config])])
])

if test "$PHP_CLAIRON" != "no"; then
  AC_MSG_CHECKING([whether PHP is new enough for clairon])
  if test -n "$PHP_CONFIG"; then
    clairon_php_vernum=`$PHP_CONFIG --vernum`
  else
    clairon_php_vernum=$PHP_VERSION_ID
  fi
  if test "$clairon_php_vernum" -lt 80200; then
    AC_MSG_ERROR([clairon needs PHP 8.2 or newer, this is version id $clairon_php_vernum. Name another one by --with-php-config=PATH])
  fi
  AC_MSG_RESULT([yes ($clairon_php_vernum)])

  CLAIRON_NEED([HIREDIS], [hiredis >= 0.14], [libhiredis-dev])
  PHP_EVAL_INCLINE([$HIREDIS_CFLAGS])
  PHP_EVAL_LIBLINE([$HIREDIS_LIBS], [CLAIRON_SHARED_LIBADD])
  PHP_SUBST([CLAIRON_SHARED_LIBADD])

  dnl Where the relay will be, for phpinfo() and for those who start it.
  clairon_save_exec_prefix=$exec_prefix
  test "x$exec_prefix" = xNONE && exec_prefix=$prefix
  clairon_bindir=`eval echo "$bindir"`
  clairon_bindir=`eval echo "$clairon_bindir"`
  exec_prefix=$clairon_save_exec_prefix
  AC_DEFINE_UNQUOTED([CLAIRON_RELAY_PATH], ["$clairon_bindir/clairon-relay"],
    [Where make install puts clairon-relay])

  clairon_warnings="-Wall -Wextra -Wno-unused-parameter -Wstrict-prototypes -Wmissing-prototypes -Wvla"
  clairon_dev_flags=""
  if test "$PHP_CLAIRON_DEV" != "no"; then
    clairon_dev_flags="$clairon_warnings -Werror"
  fi

  clairon_srcdir=PHP_EXT_SRCDIR([clairon])
  CLAIRON_SOURCES=`cd "$clairon_srcdir" && echo ext/*.c wire/*.c`
  PHP_SUBST([CLAIRON_SOURCES])
  PHP_NEW_EXTENSION([clairon], [$CLAIRON_SOURCES], [$ext_shared],,
    [-DZEND_ENABLE_STATIC_TSRMLS_CACHE=1 -fvisibility=hidden -I@ext_srcdir@/stubs $clairon_dev_flags])
  PHP_ADD_BUILD_DIR([$ext_builddir/ext])
  PHP_ADD_BUILD_DIR([$ext_builddir/wire])
  PHP_ADD_EXTENSION_DEP([clairon], [json])
  PHP_ADD_EXTENSION_DEP([clairon], [hash])

  if test "$PHP_CLAIRON_RELAY" != "no"; then
    CLAIRON_NEED([LIBEVENT], [libevent_core >= 2.1], [libevent-dev])
    CLAIRON_NEED([LIBCRYPTO], [libcrypto >= 1.1.1], [libssl-dev])
    CLAIRON_NEED([LIBSSL], [libssl >= 1.1.1], [libssl-dev])
    CLAIRON_NEED([LIBCURL], [libcurl >= 7.68], [libcurl4-openssl-dev])
    CLAIRON_NEED([ZLIB], [zlib], [zlib1g-dev])
    CLAIRON_NEED([XXHASH], [libxxhash >= 0.8], [libxxhash-dev])

    PKG_CHECK_MODULES([LLHTTP], [libllhttp], [], [
      AC_CHECK_HEADER([http_parser.h], [],
        [AC_MSG_ERROR([clairon-relay needs llhttp or http_parser. On Debian and Ubuntu: apt-get install libhttp-parser-dev (or libllhttp-dev)])])
      LLHTTP_CFLAGS="-DCLAIRON_HTTP_PARSER"
      LLHTTP_LIBS="-lhttp_parser"
    ])
    AC_CHECK_HEADER([uthash.h], [],
      [AC_MSG_ERROR([clairon-relay needs uthash. On Debian and Ubuntu: apt-get install uthash-dev])])

    CLAIRON_RELAY_CPPFLAGS="$LIBEVENT_CFLAGS $HIREDIS_CFLAGS $LIBCRYPTO_CFLAGS $LIBSSL_CFLAGS $LIBCURL_CFLAGS $ZLIB_CFLAGS $XXHASH_CFLAGS $LLHTTP_CFLAGS"
    CLAIRON_RELAY_LIBS="$LIBEVENT_LIBS $HIREDIS_LIBS $LIBSSL_LIBS $LIBCRYPTO_LIBS $LIBCURL_LIBS $ZLIB_LIBS $XXHASH_LIBS $LLHTTP_LIBS"
    CLAIRON_RELAY_CFLAGS="-std=gnu11 -D_GNU_SOURCE= -pthread -fPIE -fstack-protector-strong"
    dnl FORTIFY needs an optimising compiler; a debug PHP makes phpize compile with -O0.
    case " $CFLAGS " in
      *" -O0 "*) ;;
      *" -O"*) CLAIRON_RELAY_CFLAGS="$CLAIRON_RELAY_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" ;;
    esac
    if test "$PHP_CLAIRON_DEV" != "no"; then
      CLAIRON_RELAY_CFLAGS="$CLAIRON_RELAY_CFLAGS $clairon_warnings -Wunused-parameter -Wshadow -Werror"
    fi
    PHP_SUBST([CLAIRON_RELAY_CPPFLAGS])
    PHP_SUBST([CLAIRON_RELAY_CFLAGS])
    PHP_SUBST([CLAIRON_RELAY_LIBS])
    PHP_SUBST([bindir])
    PHP_ADD_BUILD_DIR([$ext_builddir/relay])
    PHP_ADD_MAKEFILE_FRAGMENT([$ext_srcdir/relay/Makefile.frag])
  fi
  PHP_ADD_MAKEFILE_FRAGMENT([$ext_srcdir/ext/Makefile.frag])
fi
