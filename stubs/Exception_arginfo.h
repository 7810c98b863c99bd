/* This is a generated file, edit the .stub.php file instead.
 * Stub hash: baafc2e1cce26839fca7d2ff293c6d7fa6e45d45 */




static const zend_function_entry class_Clairon_Exception_ClaironException_methods[] = {
	ZEND_FE_END
};


static const zend_function_entry class_Clairon_Exception_PayloadException_methods[] = {
	ZEND_FE_END
};

static zend_class_entry *register_class_Clairon_Exception_ClaironException(zend_class_entry *class_entry_Throwable)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Clairon\\Exception", "ClaironException", class_Clairon_Exception_ClaironException_methods);
	class_entry = zend_register_internal_interface(&ce);
	zend_class_implements(class_entry, 1, class_entry_Throwable);

	return class_entry;
}

static zend_class_entry *register_class_Clairon_Exception_PayloadException(zend_class_entry *class_entry_ValueError, zend_class_entry *class_entry_Clairon_Exception_ClaironException)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Clairon\\Exception", "PayloadException", class_Clairon_Exception_PayloadException_methods);
	class_entry = zend_register_internal_class_ex(&ce, class_entry_ValueError);
	class_entry->ce_flags |= ZEND_ACC_FINAL;
	zend_class_implements(class_entry, 1, class_entry_Clairon_Exception_ClaironException);

	return class_entry;
}
